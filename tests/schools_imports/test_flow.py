"""An import from its upload to its end, as the head sees it; the worker is run by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import Change
from schools.imports.preview import preview_of
from schools.models import Guardian, Guardianship, ImportFile, ImportState, SiecleImport, Student
from schools.siecle import plan_import, read_pair
from tests.schools.exports import UAI, YEAR, Pair, Pupil, Someone, Tie, large_pair
from tests.schools_imports.conftest import NOW, class_of, confirm, in_school, page_of, worked

pytestmark = pytest.mark.django_db


def test_an_import_is_uploaded_read_shown_confirmed_and_written(
    head, place, send, wakes, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        answer = send()
    one = SiecleImport.objects.get()
    assert answer["Location"] == reverse("admin:import", args=[UAI, one.pk])
    assert (one.state, wakes) == (ImportState.UPLOADED, ["imports"])
    assert [file["name"] for file in one.files] == ["ElevesAvecAdresses.xml", "ResponsablesAvecAdresses.xml"]
    assert ImportFile.objects.count() == 2
    assert 'hx-trigger="every 2s"' in page_of(head, one)

    one = worked()
    assert one.state == ImportState.TO_CONFIRM
    assert one.export_made_at == datetime(2026, 11, 23, 7, 15, tzinfo=UTC)
    assert not Student.objects.exists()
    page = page_of(head, one)
    assert "rien n’est encore changé" in page
    assert "Nouveaux élèves\u00a0: 1" in page
    assert "claire.martin@familles.example" in page
    assert "every 2s" not in page

    with django_capture_on_commit_callbacks(execute=True):
        assert confirm(head, one).status_code == 302
    assert wakes == ["imports", "imports"]
    assert "En attente d’écriture" in page_of(head, one)
    one = worked()
    assert (one.state, one.ended_at is not None) == (ImportState.DONE, True)
    assert Student.objects.get().full_name == "Léa Martin"
    assert not ImportFile.objects.exists()
    page = page_of(head, one)
    assert "Import terminé" in page
    assert "Nouveaux élèves\u00a0: 1" in page
    assert "every 2s" not in page


def test_the_preview_says_each_kind_of_change_with_what_was_before(head, place, send):
    in_school(class_of(9))
    pair = class_of(9)
    pair.pupils[0].divisions = ("TG1",)
    pair.pupils[1] = Pupil(key="88", ine="088888888ZZ", family="Nouveau")
    pair.ties[1] = Tie("88", "1002")
    pair.pupils[2].mef = "?"
    pair.people[3].email, pair.people[3].mobile = "autre@familles.example", "0611223344"
    pair.ties[4].code = "20"
    pair.ties[5].pupil, pair.ties[5].person = "6", "3000"
    pair.people.append(Someone(key="3000", family="Nouvelle", email="rien qui vaille"))
    send(pair)
    one = worked()

    assert one.summary["counts"] == {
        "students_new": 1, "students_changed": 1, "students_gone": 1,
        "guardians_new": 1, "guardians_changed": 1,
        "links_new": 2, "links_changed": 1, "links_gone": 2,
        "refused": 2, "warnings": 1,
    }  # fmt: skip
    assert one.summary["unchanged"] == {"students": 6, "guardians": 8, "links": 6}
    lines = one.lines
    assert lines["students_changed"] == [{"who": "Léa Nom1", "what": "", "changes": [["classe", "2DE1", "TG1", False]]}]
    assert lines["students_gone"][0]["who"] == "Léa Nom2"
    assert lines["guardians_changed"][0]["changes"] == [
        ["téléphone portable", "", "06 11 22 33 44", True],
        ["adresse fournie par l’établissement", "p4@familles.example", "autre@familles.example", True],
    ]
    assert lines["links_changed"][0]["changes"] == [["lien", "mère", "père", False]]
    assert [line["what"] for line in lines["links_gone"]] == [
        "mère de Léa Nom2, représentant légal",
        "mère de Léa Nom6, représentant légal",
    ]
    assert [(line["file"], line["what"]) for line in lines["refused"]] == [
        ("ElevesAvecAdresses.xml", "Le niveau (CODE_MEF) manque ou n’a pas onze chiffres."),
        ("ResponsablesAvecAdresses.xml", "Ce lien est avec un élève refusé."),
    ]
    assert all(isinstance(line["line"], int) for line in lines["refused"])
    page = page_of(head, one)
    assert "Élèves archivés\u00a0: 1" in page
    assert "p4@familles.example" in page
    assert "2 lignes refusées" in page


def test_what_is_written_is_what_was_shown(head, place, send):
    in_school(class_of(9))
    pair = class_of(9)
    pair.pupils[0].divisions, pair.people[3].email = ("TG1",), "autre@familles.example"
    send(pair)
    one = worked()
    shown = one.summary, one.lines

    confirm(head, one)
    one = worked()

    assert one.state == ImportState.DONE
    assert (one.summary, one.lines) == shown
    assert str(Student.objects.get(family_name="Nom1").division) == "TG1"
    assert Guardian.objects.get(siecle_person_id="1004").school_email == "autre@familles.example"


def test_a_pupil_in_two_classes_is_refused_with_their_line_and_left_as_they_are(head, place, send):
    in_school(class_of(2))
    before = list(Student.objects.order_by("pk").values()), list(Guardianship.objects.order_by("pk").values())
    pair = class_of(2)
    pair.pupils[1].divisions, pair.pupils[1].family = ("2DE1", "2DE2"), "Autre"
    send(pair)
    one = worked()

    assert [line["what"] for line in one.lines["refused"]] == [
        "L’élève est dans deux classes.",
        "Ce lien est avec un élève refusé.",
    ]
    assert "L’élève est dans deux classes." in page_of(head, one)
    confirm(head, one)
    assert worked().state == ImportState.DONE
    assert (list(Student.objects.order_by("pk").values()), list(Guardianship.objects.order_by("pk").values())) == before


def test_nothing_depends_on_the_page_once_it_is_closed(head, place, send):
    send()
    confirm(head, worked())
    head.logout()
    assert worked().state == ImportState.DONE


def test_when_the_school_changed_since_the_preview_it_is_shown_again_and_nothing_is_written(head, place, send):
    in_school(class_of(9))
    pair = class_of(9)
    pair.pupils[0].divisions = ("TG1",)
    send(pair)
    first = worked()
    Student.objects.filter(family_name="Nom1").update(given_name="Changée")

    confirm(head, first)
    one = worked()

    assert one.state == ImportState.TO_CONFIRM
    assert (one.confirmed_at, one.confirmed_by) == (None, None)
    assert one.digest != first.digest
    assert str(Student.objects.get(family_name="Nom1").division) == "2DE1"
    assert ImportFile.objects.count() == 2
    page = page_of(head, one)
    assert "a changé depuis la confirmation" in page
    assert "Changée" in page
    confirm(head, one)
    assert worked().state == ImportState.DONE


def test_rows_that_come_in_another_order_are_the_same_plan(place):
    in_school(class_of(9))
    pair = class_of(9)
    pair.ties = pair.ties[:5]
    plan = plan_import(read_pair(pair.files(), expected_year=YEAR), school=place, on=NOW.date())
    digest = preview_of(plan).digest
    assert len(plan.links_gone) == 4
    plan.links_gone.reverse()  # PostgreSQL promises no order
    assert preview_of(plan).digest == digest
    plan.links_gone.pop()
    assert preview_of(plan).digest != digest


def test_a_page_that_shows_another_plan_confirms_nothing(head, place, send):
    send()
    one = worked()
    answer = confirm(head, one, digest="0" * 64)
    assert answer.status_code == 409
    assert "relisez les changements" in answer.content.decode()
    one.refresh_from_db()
    assert one.state == ImportState.TO_CONFIRM


def test_a_second_click_confirms_once(head, place, send):
    send()
    one = worked()
    assert [confirm(head, one).status_code for _ in range(2)] == [302, 302]
    assert worked().state == ImportState.DONE
    assert confirm(head, one).status_code == 302
    assert Student.objects.count() == 1


def test_the_same_files_sent_twice_are_one_import(head, place, send):
    first, second = send(), send()
    assert first["Location"] == second["Location"]
    assert SiecleImport.objects.count() == 1


def test_other_files_wait_until_the_import_under_way_has_ended(head, place, send):
    send()
    answer = send(class_of(2))
    assert answer.status_code == 409
    assert "déjà en cours" in answer.content.decode()
    assert SiecleImport.objects.count() == 1
    assert ImportFile.objects.count() == 2
    confirm(head, worked())
    worked()
    assert send(class_of(2)).status_code == 302


def test_a_cancelled_import_writes_nothing_and_keeps_nothing(head, place, send):
    send()
    one = worked()
    answer = head.post(reverse("admin:import_cancel", args=[UAI, one.pk]))
    assert answer.status_code == 302
    one.refresh_from_db()
    assert one.cancelled_by
    assert (one.state, one.cancelled_by.username) == (ImportState.CANCELLED, "cheffe")
    assert (one.summary, one.lines) == ({}, {})
    assert not ImportFile.objects.exists()
    assert not Student.objects.exists()
    assert "Import annulé" in page_of(head, one)
    assert head.post(reverse("admin:import_cancel", args=[UAI, one.pk])).status_code == 302
    assert confirm(head, one, digest="0" * 64).status_code == 409


def test_what_is_being_written_is_not_cancelled(head, place, send):
    send()
    one = worked()
    confirm(head, one)
    answer = head.post(reverse("admin:import_cancel", args=[UAI, one.pk]))
    assert answer.status_code == 409
    assert "ne peut plus être annulé" in answer.content.decode()
    assert worked().state == ImportState.DONE


def test_an_import_that_nobody_confirms_ends_after_seven_days(head, place, send, november):
    send()
    worked()
    november.shift(timedelta(days=6))
    assert worked().state == ImportState.TO_CONFIRM
    november.shift(timedelta(days=1, minutes=1))
    one = worked()
    assert one.state == ImportState.CANCELLED
    assert not ImportFile.objects.exists()
    assert "sept jours" in one.reason


def test_an_older_export_asks_for_an_explicit_tick(head, place, send):
    send()
    confirm(head, worked())
    worked()
    older = Pair(pupils=[Pupil(given="Ancienne")], stamp="22/11/2026 08:15:00")
    send(older)
    one = worked()

    assert [caution["code"] for caution in one.summary["cautions"]] == ["older"]
    page = page_of(head, one)
    assert "de plus anciennes" in page
    refused = confirm(head, one)
    assert refused.status_code == 422
    assert "Cochez ce point" in refused.content.decode()
    assert worked().state == ImportState.TO_CONFIRM
    assert Student.objects.get().given_name == "Léa"
    assert confirm(head, one, "older").status_code == 302
    assert worked().state == ImportState.DONE
    assert Student.objects.get().given_name == "Ancienne"


def test_the_same_export_again_or_a_newer_one_asks_for_no_tick(head, place, send):
    for stamp in ("23/11/2026 08:15:00", "23/11/2026 08:15:00", "23/11/2026 08:16:00"):
        send(Pair(stamp=stamp))
        one = worked()
        assert one.summary["cautions"] == []
        confirm(head, one)
        assert worked().state == ImportState.DONE
    assert "Rien ne changerait" not in page_of(head, one)


def test_when_nothing_would_change_the_page_says_so(head, place, send):
    in_school(Pair())
    send()
    assert "Rien ne changerait" in page_of(head, worked())


@pytest.mark.parametrize(
    ("here", "gone", "warned"), [(40, 4, False), (40, 5, True), (60, 5, False), (60, 6, True), (9, 1, True)]
)
def test_more_than_five_or_a_tenth_of_the_pupils_archived_asks_for_an_explicit_tick(
    here, gone, warned, head, place, send
):
    in_school(class_of(here))
    send(class_of(here - gone))
    one = worked()
    assert one.summary["counts"]["students_gone"] == gone
    if not warned:
        assert one.summary["cautions"] == []
        return
    page = page_of(head, one)
    assert f"sur {here}" in page
    assert "l’export est peut-être incomplet" in page
    assert confirm(head, one).status_code == 422
    assert confirm(head, one, "archived").status_code == 302
    assert worked().state == ImportState.DONE
    assert Student.objects.filter(left_on__isnull=False).count() == gone


def test_the_trail_says_who_confirmed(head, place, send, django_user_model):
    send()
    confirm(head, worked())
    worked()
    cheffe = django_user_model.objects.get(username="cheffe")
    changes = Change.objects.filter(table="schools_student")
    assert [(change.actor_id, change.origin) for change in changes] == [(cheffe.pk, "import SIECLE")]
    kept = {name for change in Change.objects.filter(table="schools_siecleimport") for name in change.content}
    assert "state" in kept
    assert not kept & {"lines", "summary", "step", "claim"}
    assert not Change.objects.filter(table="schools_importfile").exists()


def test_the_report_is_a_sheet_that_computes_nothing(head, place, send):
    in_school(class_of(9))
    pair = class_of(9)
    pair.pupils[0].family = "=1+1"
    pair.pupils[1].mef = "?"
    send(pair)
    one = worked()
    answer = head.get(reverse("admin:import_report", args=[UAI, one.pk]))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer["Content-Disposition"]
    assert answer.content.startswith(b"\xef\xbb\xbfRubrique;Fichier;Ligne;Personne;D")
    rows = answer.content.decode("utf-8-sig").splitlines()
    assert "Élèves modifiés;;;Léa =1+1;nom de famille;Nom1;'=1+1" in rows
    assert any(row.startswith("Lignes refusées;ElevesAvecAdresses.xml;") and "CODE_MEF" in row for row in rows)
    confirm(head, one)
    worked()
    assert head.get(reverse("admin:import_report", args=[UAI, one.pk])).content == answer.content


def test_lines_are_kept_up_to_a_number_and_the_true_one_is_said(head, place, send, monkeypatch):
    monkeypatch.setattr("schools.imports.preview.LINES_KEPT", 3)
    send(class_of(5))
    one = worked()
    assert len(one.lines["students_new"]) == 3
    assert "Et 2 autres lignes" in page_of(head, one)
    report = head.get(reverse("admin:import_report", args=[UAI, one.pk])).content.decode()
    assert "Nouveaux élèves;;;;et 2 autres lignes, non détaillées;;" in report


def test_the_preview_of_1400_pupils_is_light_and_takes_as_few_queries_as_that_of_one(head, place, send):
    def measured(pair: Pair) -> tuple[int, int]:
        send(pair)
        one = worked()
        with CaptureQueriesContext(connection) as queries:
            page = page_of(head, one)
        head.post(reverse("admin:import_cancel", args=[UAI, one.pk]))
        return len(queries), len(page)

    for_one, _small = measured(Pair())
    for_many, size = measured(large_pair(1_400))
    assert for_many == for_one <= 20
    assert size < 150_000


def test_the_history_and_the_polled_page_take_few_queries(head, place, send, django_assert_max_num_queries):
    def history() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert head.get(reverse("admin:imports", args=[UAI])).status_code == 200
        return len(queries)

    send()
    for_one = history()
    confirm(head, worked())
    worked()
    for count in range(2, 5):
        send(class_of(count))
        confirm(head, worked(), "archived")
        worked()
    assert history() == for_one <= 20
    send(class_of(6))
    with django_assert_max_num_queries(20):
        page_of(head, SiecleImport.objects.order_by("-uploaded_at")[0])
