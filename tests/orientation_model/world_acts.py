"""What happens around them: the clock, imports, the mail worker, pages opened, attempts of who may not."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from django.core import mail
from django.test import Client
from django.urls import reverse
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from accounts.models import Profile
from notifications.sending import send_batch
from orientation.followup import reminders
from orientation.models import PhaseKind
from orientation.notices.sweep import owe_notices
from schools.models import Guardian, Student
from schools.muting import choose_reminders, mute_by_link, reminder_token
from tests.factories import sign_in
from tests.orientation_model import council, lists, mails
from tests.orientation_model.family_acts import AGAIN, KARIM, MARC, RARELY, SOPHIE
from tests.orientation_model.school_acts import SchoolActs
from tests.orientation_model.state import FAMILY_WRITES, PHASES, Address
from tests.orientation_model.tables import rows as rows_now

TOKEN = re.compile(r"jeton-\d+\.")
READERS = st.sampled_from(["sophie", "marc", "emma", "emma", "karim"])
PAGES = st.sampled_from(["home", "writing", "council", "council", "council", "other council", "decisions"])
GUARDIANS = st.sampled_from([("sophie", "emma"), ("marc", "emma"), ("self", "emma"), ("karim", "lucas")])


class WorldActs(SchoolActs):
    # --- Time and mail --------------------------------------------------------------------------------------------

    @rule(step=st.sampled_from([timedelta(seconds=1), timedelta(minutes=20), timedelta(hours=7), timedelta(days=1)]))
    def wait(self, step: timedelta) -> None:
        self.move_clock(self.state.now + step)

    @precondition(lambda self: self.turn % 4 == 0)
    @rule(is_last_instant=st.booleans())
    def wait_for_next_date(self, is_last_instant: bool) -> None:
        """Stand at the next opening or closing, or at the last instant before."""
        dates = [each for phase in self.state.phases.values() for each in (phase.opens_at, phase.closes_at)]
        instant = min((each for each in dates if each > self.state.now), default=self.state.now + timedelta(days=1))
        self.move_clock(instant - timedelta(microseconds=is_last_instant))
        for kind, phase in self.state.phases.items():
            if phase.closes_at == self.state.now:
                self._come_too_late(kind)

    def _come_too_late(self, kind: str) -> None:
        """At the very instant of the closing, do what was possible just before."""
        if kind in lists.NUMBER_ASKED:
            self.save_choice(SOPHIE, "autre-parcours", "autre-parcours", 0, False)
            self.validate(MARC, 0, True, False)
        elif kind == "provisional_opinions":
            self.acknowledge(MARC, False)
        else:
            for pathway in ("stmg", "sti2d"):
                self.answer(SOPHIE, pathway, not self.state.sheet_of("emma", kind).agreed(pathway), 0)

    @precondition(lambda self: any(each.state == "queued" for each in self.state.mails))
    @rule()
    def send_mails(self) -> None:
        """One passage of the mail worker; each message leaves once, to one mailbox, and names no other."""
        before = len(mail.outbox)
        leaving = mails.send(self.state)
        while send_batch(at=self.state.now):
            pass
        left = mail.outbox[before:]
        assert sorted(each.to[0] for each in left) == sorted(each.address for each in leaving)
        assert len({each.extra_headers["Message-ID"] for each in mail.outbox}) == len(mail.outbox)
        everybody = {each.text for found in self.state.addresses.values() for each in found} - {""}
        for each in left:
            text = "\n".join([str(each.subject), str(each.body), str(getattr(each, "alternatives", ""))])
            assert len(each.to) == 1
            assert not [other for other in everybody - set(each.to) if other in text]
        self._changed(rows_now(), None)

    # --- Notices --------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.turn != self.swept)
    @rule(again=AGAIN)
    def sweep(self, again: bool) -> None:
        """One passage of what owes the notices; another at the same instant owes nothing."""
        self.swept = self.turn
        owed = mails.sweep(self.state)
        assert owe_notices(at=self.state.now) == owed
        assert not (again and owe_notices(at=self.state.now))
        self._changed(rows_now(), None)

    @precondition(lambda self: self.turn % 2 == 0)
    @rule(is_last_instant=RARELY)
    def wait_for_next_notice(self, is_last_instant: bool) -> None:
        """Stand where a notice begins or ceases to be due, or at the last instant before, and sweep."""
        later = [each for each in mails.instants(self.state) if each > self.state.now]
        instant = min(later, default=self.state.now + timedelta(days=1))
        self.move_clock(instant - timedelta(microseconds=is_last_instant))
        self.sweep(False)

    @precondition(lambda self: self.turn % 2 == 0)
    @rule(
        what=st.sampled_from(["mute", "mute", "mute, do", "ask", "do", "do", "hours", "prolong", "tie", "address"]),
        who=st.sampled_from([SOPHIE, MARC, MARC, KARIM]),
        is_reminded=st.booleans(),
    )
    def before_they_leave(self, what: str, who: tuple[str, str, str], is_reminded: bool) -> None:
        """Between what is owed and what leaves, something happens to its reason, or to whom it is for."""
        _account, guardian, pupil = who
        self.sweep(False)
        if is_reminded:
            self.remind(False, "office", False)
        if what.startswith("mute"):
            self.mute(guardian, True, False)
        if what == "ask":
            self.save_choice(who, "autre-parcours", "autre-parcours", 0, False)
        elif what.endswith("do"):
            self._do_what_is_asked(who)
        elif what == "hours":
            self.wait(timedelta(hours=7))
        elif what == "prolong":
            kinds = [kind for kind in self.state.phases if self.state.is_open(kind)]
            self.prolong_phase(kinds[0] if kinds else "proposals", 96, "head", False)
        elif what in ("tie", "address"):
            self.an_import(what, (guardian, pupil), True)
        self.send_mails()

    def _do_what_is_asked(self, who: tuple[str, str, str]) -> None:
        if self.state.is_open("provisional_opinions"):
            self.acknowledge(who, False)
        elif self.state.is_open("proposals"):
            for each in self.state.sheet_of(who[2], "proposals").said:
                self.answer(who, each.pathway, True, 0)
        else:
            self.save_choice(who, "stmg", "", 0, False)
            self.validate(who, 0, True, False)

    @precondition(lambda self: self.turn % 3 == 0)
    @rule(is_other=RARELY, by=st.sampled_from(["head", "office", "office", "teacher"]), again=AGAIN)
    def remind(self, is_other: bool, by: str, again: bool) -> None:
        """The school reminds whom the phase of the moment awaits; who was reminded lately is left alone."""
        kinds = [kind for kind in PHASES if self.state.is_open(kind) != is_other]
        kind = kinds[0] if kinds else "proposals"
        refused = mails.remind(self.state, kind, account=by)
        given: dict[str, Any] = {"campaign": self.world.campaign, "phase": self.world.phase(kind), "at": self.state.now}
        given |= {"students": Student.objects.all(), "by": self.world.accounts[by], "since": self.state.now}
        self.act(refused, by, lambda: reminders.remind(**given), again=again)

    @precondition(lambda self: self.turn % 3 == 0)
    @rule(guardian=st.sampled_from(["sophie", "marc", "karim"]), is_muted=st.booleans(), by_link=st.booleans())
    def mute(self, guardian: str, is_muted: bool, by_link: bool) -> None:
        """Want reminders or not, on one's page or by the link that each carries; the other parent's remain."""
        row = Guardian.objects.get(pk=self.world.guardians[guardian])
        by = self.world.accounts[guardian]
        if by_link:
            self.state.muted |= {guardian}
            self.import_changes(lambda: mute_by_link(token=reminder_token(row.pk), at=self.state.now))
        else:
            self.state.muted = self.state.muted | {guardian} if is_muted else self.state.muted - {guardian}
            self.act(set(), guardian, lambda: choose_reminders(guardian=row, muted=is_muted, by=by, at=self.state.now))

    # --- Imports --------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.turn % 3 == 0)
    @rule(what=st.sampled_from(["tie", "tie", "pupil", "address"]), tie=GUARDIANS, has_one=st.booleans())
    def an_import(self, what: str, tie: tuple[str, str], has_one: bool) -> None:
        """What a new pair of exports may say: a tie or a pupil that ends or comes back, another address."""
        if what == "tie":
            self._tie_or_untie(tie)
        elif what == "pupil":
            self._leave_or_come_back(tie[1])
        else:
            self._readdress(tie[0], has_one)

    def _tie_or_untie(self, tie: tuple[str, str]) -> None:
        guardian, pupil = tie
        if guardian in self.state.ties[pupil]:
            self.state.ties[pupil].discard(guardian)
            self.state.designated = "" if guardian == self.state.designated else self.state.designated
            self.import_changes(lambda: self.world.untie(guardian, pupil))
        else:
            self.state.ties[pupil].add(guardian)
            self.import_changes(lambda: self.world.tie(guardian, pupil))

    def _leave_or_come_back(self, pupil: str) -> None:
        self.state.gone ^= {pupil}
        left_on = self.state.today if pupil in self.state.gone else None
        self.import_changes(lambda: self.update_student(pupil, left_on=left_on))

    def _readdress(self, guardian: str, has_one: bool) -> None:
        address = f"{guardian}.{len(self.state.mails)}.{self.tokens}@familles.example" if has_one else ""
        addresses = self.state.addresses[guardian]
        if addresses[-1].text == address:
            return
        addresses[-1] = Address(address, is_refused=False)
        row = Guardian.objects.filter(pk=self.world.guardians[guardian])
        self.import_changes(lambda: row.update(school_email=address, school_email_refused_at=None))

    @precondition(lambda self: self.turn % 5 == 0)
    @rule(guardian=st.sampled_from(["sophie", "marc", "karim"]))
    def a_mailbox_begins_to_refuse(self, guardian: str) -> None:
        self.state.refusing |= {self.state.usable(guardian)} - {""}

    # --- Pages ----------------------------------------------------------------------------------------------------

    def _client(self, account: str) -> Client:
        """Who is signed in, since no more than the clock's last move."""
        key = (account, self.state.now)
        if key not in self.clients:
            profiles = {"emma": Profile.STUDENT, "head": None}
            self.clients[key] = sign_in(Client(), self.world.accounts[account], profiles.get(account, Profile.GUARDIAN))
        return self.clients[key]

    def _address(self, page: str, pupil: str) -> str:
        student = self.world.student(pupil).public_id
        if page in lists.NUMBER_ASKED:
            return reverse("orientation:choices", args=[student, PhaseKind(page).slug])
        name = {"provisional_opinions": "opinions"}.get(page, page)
        return reverse(f"orientation:{name}", args=[student])

    @rule(account=READERS, page=PAGES, pupil=st.sampled_from(["emma", "emma", "lucas"]))
    def look(self, account: str, page: str, pupil: str) -> None:
        """Open a page: it says what it must, and nothing that this person may not read."""
        if account == "karim" and page != "home":
            pupil = "lucas"
        moment = {
            "writing": self.kind(False),
            "council": self.council_kind(False),
            "other council": self.council_kind(True),
        }
        page = moment.get(page, page)
        client = self._client(account)
        response = client.get(self._address(page, pupil))
        found = set(TOKEN.findall(response.content.decode()))
        if not council.may_read(self.state, account, pupil):
            assert response.status_code == 404
            assert not found
            return
        assert response.status_code == 200
        assert found <= self._readable(account, pupil), f"{account} reads {found - self._readable(account, pupil)}"
        assert found >= self._said_on(page, account, pupil)
        if page in FAMILY_WRITES:
            council.read_sheet(self.state, pupil, page, account=account)
        if page == "decisions":
            for each in self.state.decisions:
                if each.pupil == pupil:
                    each.readers.add(account)
        now = rows_now()
        assert now == self.rows or page in FAMILY_WRITES or page == "decisions", "opening a page wrote something"
        self._changed(now, self.world.accounts[account])

    @precondition(lambda self: self.turn % 3 == 0 and any(map(self.state.is_open, lists.NUMBER_ASKED)))
    @rule(page=st.sampled_from(["writing", "writing", "home"]))
    def a_draft_is_looked_for(self, page: str) -> None:
        """A parent prepares what the pupil then looks for."""
        self.save_choice(SOPHIE, "autre-parcours", "autre-parcours", 0, False)
        self.look("emma", page, "emma")

    def _is_guardian(self, account: str, pupil: str) -> bool:
        return self.state.is_theirs("self" if account == "emma" else account, pupil)

    def _readable(self, account: str, pupil: str) -> set[str]:
        """Every word that this person may read about a pupil: drafts are the guardians' alone."""
        readable = {each.reasons for each in self.state.decisions if each.pupil == pupil}
        for (of, _kind), sheet in self.state.sheets.items():
            if of == pupil and sheet.publication is not None:
                readable |= {each.comment for each in sheet.said}
        for (of, _kind), held in self.state.lists.items():
            if of == pupil:
                readable |= {wish.note for each in held.submissions for wish in each.wishes}
                if self._is_guardian(account, pupil):
                    readable |= {wish.note for wish in held.wishes}
        return readable

    def _said_on(self, page: str, account: str, pupil: str) -> set[str]:
        """The words that this page shows to who may read it."""
        said: set[str] = set()
        if page in FAMILY_WRITES:
            sheet = self.state.sheet_of(pupil, page)
            said = {each.comment for each in sheet.said} if sheet.publication is not None else set()
        elif page == "decisions":
            said = {each.reasons for each in self.state.decisions if each.pupil == pupil}
        elif page in lists.NUMBER_ASKED:
            held = self.state.list_of(pupil, page)
            is_open = self._is_guardian(account, pupil) and self.state.is_open(page)
            said = {wish.note for wish in (held.wishes if is_open and self._writes(account, pupil) else held.asked)}
        return said - {""}

    def _writes(self, account: str, pupil: str) -> bool:
        return self.state.may_write_as("self" if account == "emma" else account, pupil)

    # --- Attempts -------------------------------------------------------------------------------------------------

    @precondition(lambda self: "emma" not in self.state.gone and self.turn % 3 == 0)
    @rule(
        account=st.sampled_from(["emma", "emma", "karim", "head"]),
        act=st.sampled_from(
            ["add_choice", "remove_choice", "move_choice", "reset_choices", "validate_choices", "acknowledge", "agree"]
        ),
    )
    def tries(self, account: str, act: str) -> None:
        """Send the family's own forms from an account that may not: nothing is written."""
        if account == "emma" and self._is_guardian("emma", "emma"):
            return
        held = self.state.list_of("emma", self.kind(False))
        pathway = held.wishes[0].pathway if held.wishes else "stmg"
        student, slug = self.world.student("emma").public_id, PhaseKind(self.kind(False)).slug
        of_council: dict[str, list[object]] = {"acknowledge": [student], "agree": [student, pathway]}
        arguments = of_council.get(act, [student, slug])
        if act in ("remove_choice", "move_choice"):
            arguments.append(pathway)
        form = {
            "version": held.version,
            "group": "technologique",
            "series": "stmg",
            "rank": 1,
            "confirmed": "1",
            "seen_number": 0,
        }
        response = self._client(account).post(reverse(f"orientation:{act}", args=arguments), form)
        assert response.status_code == (403 if account == "emma" else 404)
        assert rows_now() == self.rows, "an attempt wrote something"
