"""What ships to run Quoth on a host: the unit, its settings, the container file."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import httpx
import pytest

from assistant.settings import Settings
from assistant.settings_sources import read_settings
from tests.serving import QUESTION
from tests.wikis import DEPLOY, QUOTH, ROOT, free_port, running

UNIT = (DEPLOY / "quoth.service").read_text()
CONTAINER = (DEPLOY / "Containerfile").read_text()
SETTINGS = DEPLOY / "quoth.toml"


def unit(name: str) -> list[str]:
    """The values of one of the unit's settings."""
    return re.findall(rf"^{name}=(.*)$", UNIT, re.MULTILINE)


def test_the_units_settings_are_those_of_a_host_behind_a_wiki() -> None:
    settings = read_settings({"config": str(SETTINGS)}, {})
    changed = settings.model_dump(mode="json", exclude_defaults=True)
    assert changed == {
        "source": "/srv/quoth",
        "index_dir": "/var/lib/quoth/index",
        "feedback": "/var/lib/quoth/feedback.sqlite",
        "tokens": "/var/lib/quoth/tokens.json",
        "root_path": "/quoth",
        "allow_host": ["wiki.example"],
        "auth": True,
        "trusted_proxy": ["127.0.0.1/32"],
        "sign_in": "/index.php/Special:UserLogin",
    }
    written = [settings.index_dir, settings.feedback, settings.tokens]
    assert {path.parent for path in written} == {Path("/var/lib") / unit("StateDirectory")[0]}


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    command = unit("ExecStart")[0].split()[0]
    copy = tmp_path / "quoth.service"
    copy.write_text(UNIT.replace(command, str(QUOTH)))
    done = subprocess.run(["systemd-analyze", "verify", str(copy)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
@pytest.mark.model
def test_the_units_command_serves_with_nothing_but_what_the_unit_gives(tmp_path: Path) -> None:
    """No environment, no home, no file written but below its state's folder: its index made on the first start."""
    state, port = tmp_path / "state", free_port()
    state.mkdir()
    text = SETTINGS.read_text().replace("/var/lib/quoth", str(state)).replace("/srv/quoth", str(ROOT / "source_docs"))
    config = tmp_path / "quoth.toml"
    config.write_text(f"port = {port}\n{text}")
    words = unit("ExecStart")[0].replace("/etc/quoth/quoth.toml", str(config)).split()
    assert words[0] == "/opt/quoth/.venv/bin/quoth"
    command = ["env", "-i", "-C", state, "PATH=/usr/bin:/bin", QUOTH, *words[1:]]
    asked = {"json": {"question": QUESTION}, "headers": {"Host": "wiki.example", "X-Forwarded-User": "anna"}}
    for _ in range(2):  # the second start finds the index
        with running(command, f"http://127.0.0.1:{port}/quoth/healthz", tmp_path / "log"):
            answer = httpx.post(f"http://127.0.0.1:{port}/quoth/api/ask", timeout=60, **asked)  # type: ignore[arg-type]
        assert answer.json()["answer"] == "11,200 troops"
        assert {path.name for path in state.iterdir()} == {"index", "feedback.sqlite", "tokens.json", "tokens.lock"}


def test_the_container_sets_what_is_a_setting_and_copies_what_is_there() -> None:
    variables = re.findall(r"QUOTH_[A-Z_]+(?==)", CONTAINER)
    assert {name.removeprefix("QUOTH_").lower() for name in variables} <= set(Settings.model_fields)
    assert variables
    for line in re.findall(r"^COPY (?!--from)(.+) \S+$", CONTAINER, re.MULTILINE):
        for name in line.split():
            assert (ROOT / name).exists(), name
    package = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]
    copied = set(re.findall(r"^COPY (\w+) \w+$", CONTAINER, re.MULTILINE))
    assert {name.rstrip("*") for name in package["include"]} == copied


@pytest.mark.parametrize("script", ["mediawiki/setup.sh", "dokuwiki/setup.sh"])
@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "Say where the wiki is to be"),
        (["{new}", "99999"], "99999 is no port. Give a number from 1 to 65535."),
        (["{new}", "8080", "80a"], "80a is no port. Give a number from 1 to 65535."),
        (["{full}"], "{full} is not empty. Name a new folder, or remove it first."),
        (["{new};ls"], "{new};ls has characters that the web server's files cannot hold. Name another folder."),
        (["{new}" + "x" * 90], "is too long for PHP's socket. Name a folder of at most 90 characters."),
    ],
)
def test_a_setup_that_cannot_be_says_why_and_changes_nothing(
    tmp_path: Path, script: str, words: list[str], told: str
) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "kept").write_text("mine")
    names = {"new": str(tmp_path / "new"), "full": str(full)}
    command = [str(DEPLOY / script), *(word.format(**names) for word in words)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert told.format(**names) in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["full"]
    assert (full / "kept").read_text() == "mine"


def test_a_folder_without_a_wiki_is_not_served(tmp_path: Path) -> None:
    done = subprocess.run([str(DEPLOY / "serve.sh"), str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith(f"{tmp_path} has no wiki. Make one with deploy/mediawiki/setup.sh")
    assert list(tmp_path.iterdir()) == []
