"""What the product reads from its environment: all of it is in .env.example, and what is unsafe is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deployment import files, variables


def read_by_product() -> set[str]:
    return (
        set(variables.read_by_settings()) | variables.read_by_code() | files.interpolated_names() | variables.GUNICORN
    )


def test_the_example_lists_every_variable_that_is_read() -> None:
    assert read_by_product() - files.example_names() == set()


def test_the_example_lists_nothing_that_nobody_reads() -> None:
    unread = files.example_names() - read_by_product()
    assert {name for name in unread if not name.startswith("ANYMAIL_")} == set()


def test_the_recorder_sees_names_that_are_made_up_in_a_loop_and_names_that_are_only_asked_for() -> None:
    assert {"AGENTS_SIGN_ALGO", "BRAND_STATE", "DATABASE_URL"} <= variables.read_by_settings()
    assert {"HEAD_PASSWORD", "DEMO_BOUNCES", "PORT", "WEB_THREADS"} <= variables.read_by_code()


def test_names_of_the_mail_provider_exist_in_its_library() -> None:
    import anymail

    source = "".join(path.read_text() for path in Path(anymail.__file__).parent.rglob("*.py")).lower()
    for name in files.example_names():
        if name.startswith("ANYMAIL_") and name != "ANYMAIL_WEBHOOK_SECRET":
            setting = name.removeprefix("ANYMAIL_MAILGUN_").lower()
            assert f'"{setting}"' in source, name


def test_a_copy_of_the_example_with_the_secrets_beside_it_loads() -> None:
    secrets = {name: variables.ENVIRONMENT[name] for name in ("DATABASE_URL", "REDIS_URL", "DJANGO_SECRET_KEY")}
    code, _, errors = variables.load_settings(files.example_values() | secrets)
    assert code == 0, errors


def test_every_secret_is_a_comment_in_the_example_so_that_nobody_fills_it_in_there() -> None:
    assert {"DJANGO_SECRET_KEY", "DATABASE_URL", "EDUCONNECT_CLIENT_SECRET"} <= files.secret_names()
    assert files.secret_names() & set(files.example_values()) == set()


@pytest.mark.parametrize("name", sorted(variables.ENVIRONMENT))
def test_nothing_starts_without_what_it_needs(name: str) -> None:
    environment = {key: value for key, value in variables.ENVIRONMENT.items() if key != name}
    code, _, errors = variables.load_settings(environment)
    assert code != 0
    assert name in errors


@pytest.mark.parametrize(
    "key",
    [
        "short",
        "0123456789" * 4,
        "a" * 60,
        "change-me-0123456789-abcdefghijklmnopqrstuvwxyz-0123456789",
        "django-insecure-0123456789-abcdefghijklmnopqrstuvwxyz-0123456789",
    ],
)
@pytest.mark.parametrize("name", ["DJANGO_SECRET_KEY", "DJANGO_SECRET_KEY_FALLBACKS"])
def test_a_weak_key_is_refused_and_not_repeated(name: str, key: str) -> None:
    code, _, errors = variables.load_settings(variables.ENVIRONMENT | {name: key})
    assert code != 0
    assert "50 random characters" in errors
    assert key not in errors


def test_a_weak_key_is_good_enough_for_a_developer() -> None:
    code, _, errors = variables.load_settings(
        variables.ENVIRONMENT | {"DJANGO_SECRET_KEY": "short", "DJANGO_DEBUG": "on"}
    )
    assert code == 0, errors


def test_a_secret_in_a_file_loses_the_line_break_at_its_end(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("s3cret-of-the-provider\n")
    environment = variables.ENVIRONMENT | {
        "EDUCONNECT_CLIENT_SECRET_FILE": str(file),
        "ANYMAIL_MAILGUN_API_KEY_FILE": str(file),
    }
    program = (
        "from scolarite import settings; "
        "print(repr((settings.OIDC_PROVIDERS['educonnect']['OIDC_RP_CLIENT_SECRET'], "
        "settings.ANYMAIL['MAILGUN_API_KEY'])))"
    )
    code, output, errors = variables.load_settings(environment, program)
    assert code == 0, errors
    assert output.strip() == repr(("s3cret-of-the-provider", "s3cret-of-the-provider"))


def test_what_the_address_of_the_database_asks_for_is_kept() -> None:
    url = "postgresql://scolarite@db/scolarite?sslmode=verify-full"
    program = "from scolarite import settings; print(settings.DATABASES['default']['OPTIONS'])"
    _, output, _ = variables.load_settings(variables.ENVIRONMENT | {"DATABASE_URL": url}, program)
    assert "'sslmode': 'verify-full'" in output
    assert "'pool'" in output
