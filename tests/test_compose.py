"""What the containers' description names is there: services, ports, variables, paths. It is read, not run."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.__main__ import main
from bot.settings import BotSettings

ROOT = Path(__file__).parents[1]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
OURS = {"migrate", "bot", "pages", "inbox"}
EXAMPLE = set(re.findall(r"^#? ?(\w+)=", (ROOT / ".env.example").read_text("utf-8"), re.MULTILINE))


def variables(node: object) -> set[str]:
    """The variables that compose fills in."""
    return set(re.findall(r"(?<!\$)\$\{(\w+)", yaml.safe_dump(node)))


def test_there_is_a_service_for_each_process() -> None:
    assert set(SERVICES) == OURS | {"postgres", "rasa", "actions"}


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"migrate"}))
def test_a_service_that_runs_on_says_how_it_is(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_waits_for_services_that_there_are(name: str) -> None:
    for other, how in SERVICES[name].get("depends_on", {}).items():
        needs_health = how["condition"] == "service_healthy"
        assert "healthcheck" in SERVICES[other] or not needs_health


@pytest.mark.parametrize("name", sorted(OURS))
def test_our_services_run_commands_and_settings_that_there_are(name: str) -> None:
    assert SERVICES[name]["command"][0] in main.commands
    assert set(SERVICES[name]["environment"]) <= {f"KNOCK_{field.upper()}" for field in BotSettings.model_fields}


def test_only_the_pages_and_the_inbox_are_published_and_only_on_this_machine() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(published) == {"pages", "inbox"}
    for name, setting in (("pages", "public_port"), ("inbox", "inbox_port")):
        port = BotSettings.model_fields[setting].default
        assert published[name] == [f"127.0.0.1:${{KNOCK_{setting.upper()}:-{port}}}:{port}"]
        assert f"localhost:{port}/healthz" in SERVICES[name]["healthcheck"]["test"][-1]


def test_rasa_and_its_actions_reach_nothing_but_the_bot() -> None:
    assert COMPOSE["networks"]["talk"]["internal"]
    talking = {name for name, service in SERVICES.items() if "talk" in service.get("networks", [])}
    assert talking == {"rasa", "actions", "bot"}
    assert SERVICES["rasa"]["networks"] == SERVICES["actions"]["networks"] == ["talk"]


def test_services_call_each_other_by_names_and_ports_that_there_are() -> None:
    environment = SERVICES["bot"]["environment"]
    assert environment["KNOCK_RASA_URL"] == "http://rasa:5005"
    assert "--port 5005" in " ".join(SERVICES["rasa"]["command"])
    assert SERVICES["rasa"]["environment"]["KNOCK_ACTIONS_URL"] == "http://actions:5055/webhook"
    assert SERVICES["actions"]["command"][-2:] == ["--port", "5055"]
    assert "@postgres/knock" in environment["KNOCK_DATABASE_URL"]


def test_what_the_bot_trains_is_where_rasa_looks_for_it_and_rasa_changes_nothing_there() -> None:
    assert "models:/app/var/models" in SERVICES["bot"]["volumes"]
    assert f"models:{SERVICES['bot']['environment']['KNOCK_RASA_MODELS']}:ro" in SERVICES["rasa"]["volumes"]
    (python,) = re.findall(r"KNOCK_RASA_PYTHON=(\S+)/bin/python3.10", DOCKERFILE)
    assert f"COPY --from=rasa /usr/local {python}\n" in DOCKERFILE


def test_rasa_asks_for_the_token_that_the_bot_has() -> None:
    token = SERVICES["bot"]["environment"]["KNOCK_RASA_TOKEN"]
    assert SERVICES["rasa"]["environment"]["KNOCK_RASA_TOKEN"] == token
    assert SERVICES["rasa"]["command"][:3] == ["python", "-m", "nlu.components.serve"]


def test_every_variable_is_in_the_example_or_has_a_default() -> None:
    optional = set(re.findall(r"\$\{(\w+):-", yaml.safe_dump(COMPOSE)))
    assert variables(COMPOSE) <= EXAMPLE | optional


def test_named_volumes_and_files_are_there() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (ROOT / source).exists() if source.startswith(".") else source in COMPOSE["volumes"]


def test_images_are_targets_of_the_dockerfile_and_run_as_nobody_special() -> None:
    for service in SERVICES.values():
        if "build" in service:
            stage = DOCKERFILE.split(f" AS {service['build']['target']}\n")[1].split("\nFROM ")[0]
            assert "\nUSER knock\n" in stage
            assert service["cap_drop"] == ["ALL"]


def test_the_dockerfile_copies_what_there_is_and_what_is_not_ignored() -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE):
        for source in shlex.split(line)[:-1]:
            assert (ROOT / source).exists()
            assert source in kept


def test_rasa_is_started_with_files_that_there_are() -> None:
    for path in re.findall(r"/app/((?:nlu|actions)/[\w./]+)", yaml.safe_dump(SERVICES["rasa"]) + DOCKERFILE):
        assert (ROOT / path).exists()


def test_no_secret_is_written_down() -> None:
    for line in (ROOT / ".env.example").read_text().splitlines():
        assert not re.match(r"^\w*(SECRET|PASSWORD|TOKEN)=\S", line)
