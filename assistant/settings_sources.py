"""Settings from flags, the environment and a TOML file, and back into such a file."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from tomllib import TOMLDecodeError
from typing import Any

from pydantic import ValidationError
from pydantic_settings import EnvSettingsSource, TomlConfigSettingsSource

from assistant.settings import PREFIX, Settings
from assistant.shared import without_password
from assistant.sync.types import WikiSettings
from index.errors import QuothError
from index.milvus.address import ENVIRONMENT as STORE_ENVIRONMENT

CONFIG = "QUOTH_CONFIG"


def read_settings(
    flags: Mapping[str, Any], environment: Mapping[str, str], names: Collection[str] = Settings.model_fields
) -> Settings:
    """Read the settings of `names`; the others keep their defaults.

    `flags` are those given on the command line, by name; the flag `config` names the TOML file. Raises QuothError if a
    setting is unknown or its value invalid.
    """
    file = flags.get("config") or environment.get(CONFIG)
    values = {**(read_file(Path(file)) if file else {}), **read_environment(environment), **flags}
    try:
        return Settings(**{name: values[name] for name in names if name in values})
    except ValidationError as error:
        raise QuothError(describe_error(error)) from None


def read_file(path: Path) -> dict[str, Any]:
    """Read the settings of a TOML file."""
    try:
        path.open("rb").close()  # the source below takes a file that is not there for an empty one
        source = TomlConfigSettingsSource(Settings, path)
    except OSError as error:
        raise QuothError(f"The settings file {path} cannot be read ({error.strerror}).") from error
    except (UnicodeDecodeError, TOMLDecodeError, RecursionError) as error:
        raise QuothError(f"The settings file {path} is not valid TOML: {error}.") from None
    for name in source.toml_data:
        if name not in Settings.model_fields:
            raise QuothError(f"The settings file {path} has the unknown key {name!r}. {list_settings()}")
    return source()


def read_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """Read the settings in environment variables."""
    others = (CONFIG, *STORE_ENVIRONMENT)
    variables = {name: value for name, value in environment.items() if name.startswith(PREFIX) and name not in others}
    for name in variables:
        if name.removeprefix(PREFIX).lower() not in Settings.model_fields:
            raise QuothError(f"The environment has {name}, which is no setting. {list_settings()}")
    source = EnvSettingsSource(Settings)
    source.env_vars = {name.lower(): value for name, value in variables.items()}
    return source()


def list_settings() -> str:
    """List all settings in a sentence."""
    return f"There are {', '.join(Settings.model_fields)}."


def describe_error(error: ValidationError) -> str:
    """Describe the first validation error in a sentence."""
    first = error.errors()[0]
    message = first["msg"].removeprefix("Value error, ").rstrip(".")
    if not first["loc"]:
        return f"{message}."
    if first["loc"][0] == "wikis":
        return explain_wiki(first["loc"][1:], first["type"], message, first["input"])
    name = str(first["loc"][0])
    flag, value = f"--{name.replace('_', '-')}", first["input"]
    if first["type"] == "value_error":
        return f"{flag}: {message}."
    return f"{flag} cannot be {value!r}: {message[0].lower()}{message[1:]}."


def explain_wiki(place: tuple[int | str, ...], kind: str, message: str, value: object) -> str:
    """Return what is wrong with the wikis, as a sentence; `place` is which of them, from 0, and which of its keys."""
    where = "[[wikis]]" if not place else f"[[wikis]], number {int(place[0]) + 1}"
    key = str(place[1]) if len(place) > 1 else ""
    if kind == "value_error":
        return f"{where}: {message}."
    if kind in ("missing", "extra_forbidden"):
        problem = "lacks the key" if kind == "missing" else "has the unknown key"
        return f"{where}, {problem} {key!r}. It takes {', '.join(WikiSettings.model_fields)}."
    return f"{where}: {key or 'it'} cannot be {value!r}: {message[0].lower()}{message[1:]}."


def to_toml(settings: Settings) -> str:
    """The settings as the TOML file that would give them, each with what it means; the tables stand last."""
    lines = []
    tables = []
    for name, value in settings.model_dump(mode="json").items():
        if name == "shared_store":
            value = without_password(value)
        if name == "wikis":
            tables = [f"\n# {Settings.model_fields[name].description}", *map(to_table, value)]
            continue
        lines.append(f"# {Settings.model_fields[name].description}")
        lines.append(f"# {name} = true" if value is None else f"{name} = {to_value(value)}")
    return "\n".join([*lines, *tables]) + "\n"


def to_value(value: object) -> str:
    """A value as TOML has it, a table on one line."""
    if isinstance(value, Mapping):
        pairs = (f"{to_value(name)} = {to_value(inner)}" for name, inner in value.items())
        return f"{{ {', '.join(pairs)} }}" if value else "{}"
    return json.dumps(value, ensure_ascii=False)


def to_table(wiki: Mapping[str, object]) -> str:
    """Return a wiki as a table of a TOML file."""
    return "\n".join(["[[wikis]]", *(f"{key} = {to_value(value)}" for key, value in wiki.items())])
