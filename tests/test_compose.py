"""The compose file: valid, without a secret, in the words of the settings, and its commands run."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from newsletter.settings import MEANINGS, PREFIX

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "docker-compose.yml"
TEXT = FILE.read_text(encoding="utf-8")
HEAD = TEXT.partition("\nname:")[0]  # tells the operator what to write into .env
COMPOSE = yaml.safe_load(TEXT)
SERVICES = COMPOSE["services"]
APPS = ("web", "worker", "beat", "reports")
SECRET_FOLDER = "/run/secrets/"
# Not handed on, with the reason.
NOT_HERE = {
    "TEMPLATES_DIR": "a folder of the operator's own would have to be mounted first",
    "DISPOSABLE_DOMAINS": "a file of the operator's own as well",
}
# ${NAME}, ${NAME:-default}, ${NAME:?what to do}
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<words>[^}]*))?\}")


def environment_of(service: str) -> dict[str, str]:
    return SERVICES[service].get("environment", {})


def test_the_file_is_what_compose_reads():
    done = subprocess.run(
        [Path(sys.executable).with_name("check-jsonschema"), "--builtin-schema",
         "vendor.compose-spec", FILE],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout


def test_the_services_are_those_that_the_program_needs():
    assert set(SERVICES) == {"redis", "postgres", "migrate", *APPS}


def test_every_setting_in_the_file_exists():
    named = {name.removesuffix("_FILE") for name in re.findall(rf"{PREFIX}(\w+)", TEXT)}

    assert named <= set(MEANINGS)


@pytest.mark.parametrize("service", ["migrate", *APPS])
def test_every_setting_is_handed_on(service):
    handed = {name.removeprefix(PREFIX).removesuffix("_FILE") for name in environment_of(service)}

    assert handed == set(MEANINGS) - set(NOT_HERE)


@pytest.mark.parametrize("service", SERVICES)
def test_a_secret_comes_as_a_file_that_the_service_is_given(service):
    files = {
        value.removeprefix(SECRET_FOLDER)
        for name, value in environment_of(service).items()
        if name.endswith("_FILE")
    }

    assert files <= set(SERVICES[service].get("secrets", []))
    assert files <= set(COMPOSE["secrets"])


def test_no_secret_stands_in_the_file():
    may_hold_one = re.compile(r"PASSWORD|SECRET|KEY|TOKEN|DATABASE_URL|SMTP_URL")
    plain = {
        name
        for service in SERVICES
        for name, value in environment_of(service).items()
        if may_hold_one.search(name) and not value.startswith(SECRET_FOLDER)
    }

    assert not plain
    assert not re.search(r"://[^/\s]*:[^/\s]*@", TEXT.removeprefix(HEAD))
    optional = COMPOSE["secrets"]["hook_secrets"]
    needed = [secret for secret in COMPOSE["secrets"].values() if secret is not optional]
    assert all(set(secret) == {"environment"} for secret in needed)
    assert optional == {"file": "${NEWSLETTER_HOOK_SECRETS_FILE:-/dev/null}"}


def test_every_variable_without_a_default_is_explained_at_the_head():
    variables = [found.groupdict() for found in VARIABLE.finditer(TEXT.removeprefix(HEAD))]
    wanted = {one["name"] for one in variables if one["kind"] == "?"}
    wanted |= {one["environment"] for one in COMPOSE["secrets"].values() if "environment" in one}

    assert not {name for name in wanted if f"#   {name}=" not in HEAD}
    assert not [one for one in variables if one["kind"] == "?" and not one["words"]]
    assert not [one for one in variables if one["kind"] is None]


@pytest.mark.parametrize("service", [name for name in SERVICES if name != "migrate"])
def test_every_service_tells_whether_it_is_well_and_starts_again(service):
    assert SERVICES[service]["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")
    assert SERVICES[service]["restart"] == "unless-stopped"


@pytest.mark.parametrize("service", APPS)
def test_the_program_starts_after_its_servers_and_its_tables(service):
    assert {name: how["condition"] for name, how in SERVICES[service]["depends_on"].items()} == {
        "migrate": "service_completed_successfully",
        "postgres": "service_healthy",
        "redis": "service_healthy",
    }


def test_redis_keeps_what_it_was_given():
    command = " ".join(SERVICES["redis"]["command"])

    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command


def test_what_must_last_lies_in_named_volumes():
    mounts = [mount for one in SERVICES.values() for mount in one.get("volumes", [])]

    assert {mount.partition(":")[0] for mount in mounts} == set(COMPOSE["volumes"])
    assert SERVICES["redis"]["volumes"]
    assert SERVICES["postgres"]["volumes"]


def test_only_pages_and_reports_can_be_reached_and_only_from_this_machine():
    ports = {name: one["ports"] for name, one in SERVICES.items() if "ports" in one}

    assert list(ports) == ["web", "reports"]
    assert all(port.startswith("127.0.0.1:") for taken in ports.values() for port in taken)


def test_what_few_need_runs_only_when_it_is_asked_for():
    assert [name for name, one in SERVICES.items() if "profiles" in one] == ["reports"]


def test_the_image_is_built_from_files_that_exist_and_runs_without_rights():
    dockerfile = SERVICES["web"]["build"]["dockerfile_inline"]
    copied = [
        name
        for line in re.findall(r"^COPY (?!--from)(.*)$", dockerfile, re.MULTILINE)
        for name in line.split()[:-1]
    ]

    assert copied
    assert not [name for name in copied if not (ROOT / name).exists()]
    assert "-c constraints.txt '.[postgres]'" in dockerfile
    assert re.findall(r"^USER (.*)$", dockerfile, re.MULTILINE) == ["newsletter"]
    assert {one["image"] for name, one in SERVICES.items() if name in ("migrate", *APPS)} == {
        "newsletter"
    }
