"""Settings by flag, environment and file; what is refused; quoth serve and quoth token on the command line."""

import os
import re
import signal
import subprocess
import sys
import time
import tomllib
import urllib.request
from pathlib import Path

import pytest

from assistant.cli import main
from assistant.settings import Settings
from assistant.settings_sources import read_settings, to_toml
from index.errors import QuothError
from tests.conftest import ROOT


def test_a_flag_goes_before_the_environment_and_that_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "quoth.toml"
    file.write_text('port = 1\nqueue = 1\nquota = "1/hour"\nallow_origin = ["https://a.test"]\n')
    environment = {"QUOTH_CONFIG": str(file), "QUOTH_PORT": "2", "QUOTH_QUEUE": "2", "HOME": "/", "Q": "?"}
    given = read_settings({"port": "3", "print_config": False, "run": None}, environment)
    assert (given.port, given.queue, given.quota) == (3, 2, "1/hour")
    assert given.allow_origin == ("https://a.test",)
    listed = read_settings({}, {"QUOTH_ALLOW_ORIGIN": "https://b.test, https://c.test:8443", "QUOTH_METRICS": "true"})
    assert listed.allow_origin == ("https://b.test", "https://c.test:8443")
    assert listed.metrics is True
    other = tmp_path / "other.toml"
    other.write_text("port = 9\n")
    assert read_settings({"config": str(other)}, {"QUOTH_CONFIG": str(file)}).port == 9


@pytest.mark.parametrize(
    ("flags", "environment", "message"),
    [
        ({}, {"QUOTH_PORTS": "1"}, "The environment has QUOTH_PORTS, which is no setting. There are source, index_dir"),
        ({"port": "0"}, {}, "--port cannot be '0': input should be greater than or equal to 1."),
        ({"port": "x"}, {}, "--port cannot be 'x': input should be a valid integer"),
        ({}, {"QUOTH_THRESHOLD": "2"}, "--threshold cannot be '2': input should be less than or equal to 1."),
        ({"quota": "many"}, {}, "--quota: 'many' is not a rate; write it like 60/minute;2000/day."),
        ({"allow_origin": ["*"]}, {}, "--allow-origin: '*' is not an origin; give scheme and host alone"),
        ({"allow_origin": ["null"]}, {}, "--allow-origin: 'null' is not an origin"),
        ({"allow_origin": ["https://a.test/path"]}, {}, "'https://a.test/path' is not an origin"),
        ({"allow_origin": ["https://*.test"]}, {}, "'https://*.test' is not an origin"),
        ({"allow_origin": ["https://a.test; script-src *"]}, {}, "is not an origin"),
        ({"allow_host": ["*"]}, {}, "--allow-host: '*' is not a host name"),
        ({"allow_host": ["https://a.test"]}, {}, "--allow-host: 'https://a.test' is not a host name"),
        ({"trusted_proxy": ["0.0.0.0/0"]}, {}, "--trusted-proxy: 0.0.0.0/0 is everyone; name the proxy's own address."),
        ({"trusted_proxy": ["proxy"]}, {}, "--trusted-proxy cannot be 'proxy'"),
        ({"root_path": "quoth/"}, {}, "--root-path cannot be 'quoth/'"),
        ({"sign_in": "javascript:alert(1)"}, {}, "--sign-in cannot be 'javascript:alert(1)'"),
        ({"user_header": "X User"}, {}, "--user-header cannot be 'X User'"),
        (
            {"host": "0.0.0.0"},
            {},
            "0.0.0.0 is reached from other machines; say --auth, or --no-auth to let anyone ask.",
        ),
        ({"host": "192.0.2.1"}, {}, "192.0.2.1 is reached from other machines; say --auth"),
        ({"host": "quoth.test"}, {}, "quoth.test is reached from other machines; say --auth"),
        (
            {"host": "0.0.0.0", "auth": False},
            {},
            "0.0.0.0 has no name of its own; say by which one it is reached with --allow-host.",
        ),
        ({"config": "nowhere.toml"}, {}, "The settings file nowhere.toml cannot be read (No such file or directory)."),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(
    flags: dict[str, object], environment: dict[str, str], message: str
) -> None:
    with pytest.raises(QuothError) as refused:
        read_settings(flags, environment)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_an_unknown_key_of_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "quoth.toml").write_text("prot = 1\n")
    with pytest.raises(QuothError, match=r"has the unknown key 'prot'\. There are source, index_dir"):
        read_settings({"config": str(tmp_path / "quoth.toml")}, {})


def test_the_default_is_closed() -> None:
    given = Settings()
    assert (given.host, given.auth, given.allow_origin, given.allow_host, given.trusted_proxy) == (
        "127.0.0.1",
        None,
        (),
        (),
        (),
    )
    assert (given.metrics, given.log_questions) == (False, False)
    assert given.hosts == {"localhost", "127.0.0.1", "::1"}


def test_print_config_prints_a_file_that_gives_the_same_settings(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in [name for name in os.environ if name.startswith("QUOTH_")]:
        monkeypatch.delenv(name)
    flags = ["--port", "8000", "--auth", "--trusted-proxy", "10.0.0.5", "--allow-origin", "https://a.test",
             "--allow-origin", "https://b.test:8443", "--metrics", "--quota-message", "Später “bitte”."]  # fmt: skip
    assert main(["serve", "--print-config", *flags]) == 0
    printed = capsys.readouterr().out
    assert tomllib.loads(printed)["trusted_proxy"] == ["10.0.0.5/32"]
    (tmp_path / "quoth.toml").write_text(printed, encoding="utf-8")
    given = read_settings({"config": str(tmp_path / "quoth.toml")}, {})
    assert given.allow_origin == ("https://a.test", "https://b.test:8443")
    assert to_toml(given) == printed
    assert to_toml(Settings()).count("\n# ") + 1 == len(Settings.model_fields) + 1  # each explained; auth is unsaid


def test_tokens_are_made_listed_and_revoked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = ["--tokens", str(tmp_path / "t.json")]
    assert main(["token", "add", "wiki", "--site", "--days", "30", *file]) == 0
    secret = capsys.readouterr().out.strip()
    assert re.fullmatch(r"quoth_[\w-]{43}", secret)
    assert main(["token", "list", *file]) == 0
    listed = capsys.readouterr().out
    assert re.fullmatch(r"wiki\tsite\tmade \d{4}-\d\d-\d\d\tuntil \d{4}-\d\d-\d\d\n", listed)
    assert secret not in (tmp_path / "t.json").read_text()
    assert main(["token", "revoke", "wiki", *file]) == 0
    assert main(["token", "revoke", "wiki", *file]) == 2
    assert "There is no token 'wiki'." in capsys.readouterr().err
    assert main(["token", "add", "x", "--days", "0", *file]) == 2


def test_auth_with_nobody_to_let_in_does_not_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--auth", "--tokens", str(tmp_path / "t.json")]) == 2
    assert "--auth has nobody to let in. Make a token with quoth token add NAME" in capsys.readouterr().err


@pytest.mark.model
def test_the_process_serves_on_loopback_and_ends_when_it_is_told_to(tmp_path: Path) -> None:
    (tmp_path / "doc.txt").write_text("Rain fell in May. Snow fell in June.")
    command = [
        sys.executable,
        "-m",
        "assistant",
        "serve",
        "--source",
        "doc.txt",
        "--reader",
        "sentence",
        "--port",
        "7993",
    ]
    process = subprocess.Popen(
        command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    try:
        assert process.stderr is not None
        line = next(line for line in process.stderr if "answers at" in line)
        assert line == "Quoth answers at http://127.0.0.1:7993\n"
        deadline = time.monotonic() + 20
        while True:
            try:
                with urllib.request.urlopen("http://127.0.0.1:7993/readyz", timeout=5) as response:
                    assert response.status == 200
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        rest = process.communicate(timeout=20)[1]
    finally:
        process.kill()
    assert process.returncode in (0, -signal.SIGTERM)
    assert '"event": "stopped"' in rest
    assert "Traceback" not in rest
