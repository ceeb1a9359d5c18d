"""The list of ranks being prepared, and each act on it. Every act works as a plain page and a POST."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.kept_forms import AUTHOR_FIELD, author_token, take_kept_form
from orientation import policies, services
from orientation.errors import DraftChangedByOther, OrientationError, WishRefused
from orientation.forms import ChoiceForm, MoveForm, VersionForm
from orientation.models import RANK_MAX, Draft, PathwayGroup, PhaseKind
from orientation.options import speciality_options
from orientation.queries import (
    draft_choices,
    draft_of,
    intentions_to_copy,
    newest_submission,
    offered_codes,
    set_aside_by,
    submission_choices,
    wishes_of,
)
from orientation.rules import Catalogue, Wishes
from orientation.views.scope import WritingScope, writing_scope


@require_safe
def index(request: HttpRequest, student: UUID, kind: PhaseKind) -> HttpResponse:
    """Show the draft to who may write it, and what was validated to everybody else."""
    scope = writing_scope(request, student, kind)
    newest = newest_submission(scope.file.student, scope.phase)
    draft = draft_of(scope.file.student, scope.phase) if policies.can_read_draft(scope.file) else None
    context = {
        "newest": newest,
        "draft": draft,
        "version": draft.version if draft else 0,
        "rank_max": RANK_MAX,
        "set_aside": set_aside_by(scope.user.pk, draft),
    }
    if scope.can_write():
        choices = draft_choices(draft, scope.phase)
        intentions = None if choices else intentions_to_copy(scope.file.student, scope.phase)
        return scope.render("orientation/choices.html", {**context, "choices": choices, "intentions": intentions})
    is_left = draft is not None and not draft.is_validated
    unvalidated = draft_choices(draft, scope.phase) if is_left else []
    validated = submission_choices(newest) if newest else []
    state = scope.phase.state_at(scope.now)
    return scope.render(
        "orientation/choices_read.html", {**context, "choices": validated, "unvalidated": unvalidated, "state": state}
    )


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, student: UUID, kind: PhaseKind) -> HttpResponse:
    """Add a choice at the end of the list."""
    return _choice_dialog(writing_scope(request, student, kind), replacing="")


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, student: UUID, kind: PhaseKind, pathway: str) -> HttpResponse:
    """Change the choice on this pathway, at its rank."""
    return _choice_dialog(writing_scope(request, student, kind), replacing=pathway)


def _choice_dialog(scope: WritingScope, *, replacing: str) -> HttpResponse:
    form = _choice_form(scope, scope.request.POST or None)
    if form.is_valid():
        try:
            services.save_choice(
                file=scope.file,
                phase=scope.phase,
                wish=form.wish(),
                replacing=replacing,
                version=form.cleaned_data["version"],
                by=scope.user,
                at=scope.now,
            )
        except WishRefused as error:
            for problem in error.problems:
                form.add_problem(problem)
        except DraftChangedByOther as error:
            return _to_conflict(scope, error)
        except OrientationError as error:
            return scope.refuse(error)
        else:
            return _saved(scope)
    elif not scope.can_write():
        return scope.refuse_to_write()
    elif kept := take_kept_form(scope.request, scope.user):
        messages.info(scope.request, _("Voici ce que vous aviez saisi : il reste à valider."))
        form = _choice_form(scope, initial={name: str(kept[name]) for name in kept})
    return _show_dialog(scope, form, replacing=replacing)


def _choice_form(
    scope: WritingScope, data: QueryDict | None = None, initial: dict[str, str] | None = None
) -> ChoiceForm:
    return ChoiceForm(
        data, initial=initial, catalogue=Catalogue.current(), speciality_count=scope.phase.speciality_count
    )


def _show_dialog(scope: WritingScope, form: ChoiceForm, *, replacing: str) -> HttpResponse:
    """Show the dialog as it was typed, or as the choice being changed stands, or empty."""
    draft = draft_of(scope.file.student, scope.phase)
    wishes = wishes_of(draft)
    ranks = {wish.pathway: rank for rank, wish in enumerate(wishes, start=1)}
    if not form.is_bound and not form.initial:
        if replacing and replacing not in ranks:
            return _gone(scope)
        form = _choice_form(scope, initial=_initial(scope, wishes, ranks.get(replacing)))
    context = {
        "form": form,
        "rank": ranks.get(replacing, len(wishes) + 1),
        "version": _version_seen(form, draft),
        "is_new": replacing not in ranks,
        "left_out": _left_out(scope, form, wishes, ranks.get(replacing)),
        "saved_rank": len(wishes) if "suite" in scope.request.GET and not form.is_bound else 0,
        "typed_form": True,
        "author_field": AUTHOR_FIELD,
        "author_token": author_token(scope.user),
        **speciality_options(form, offered_codes(scope.phase), _without(ranks, replacing)),
    }
    return scope.render("orientation/choice_form.html", context, status=422 if form.is_bound else 200)


def _left_out(scope: WritingScope, form: ChoiceForm, wishes: Wishes, rank: int | None) -> list[str]:
    """Return the specialities of the choice being changed that none of the lists shows, being fewer than they are."""
    shown = {form[name].value() for name in form.speciality_fields}
    catalogue = Catalogue.current(holding=wishes)
    wish = wishes[rank - 1] if rank else None
    if wish is None or catalogue.pathways[wish.pathway].group != PathwayGroup.GENERAL:
        return []
    is_over = len(wish.specialities) > scope.phase.speciality_count
    return [catalogue.specialities[code].label for code in wish.specialities if is_over and code not in shown]


def _without(ranks: dict[str, int], replacing: str) -> dict[str, int]:
    return {pathway: rank for pathway, rank in ranks.items() if pathway != replacing}


def _version_seen(form: ChoiceForm, draft: Draft | None) -> object:
    """Return the version that the dialog was opened on: a form shown again is no newer for it (decision 2)."""
    carried = str(form["version"].value() or "")
    return carried if carried.isdecimal() else draft.version if draft else 0


def _initial(scope: WritingScope, wishes: Wishes, rank: int | None) -> dict[str, str]:
    """Return the choice to change, or an empty one with the voie that the address names."""
    if rank is None:
        return {"group": scope.request.GET.get("voie", "")}
    wish = wishes[rank - 1]
    return ChoiceForm.initial_of(wish, Catalogue.current().pathways[wish.pathway].group)


def _saved(scope: WritingScope) -> HttpResponse:
    """Lead back to the list, or on to another series."""
    arguments = [scope.file.student.public_id, scope.phase.phase_kind.slug]
    if "another" in scope.request.POST:
        return redirect(reverse("orientation:add_choice", args=arguments) + "?voie=technologique&suite=1")
    messages.success(scope.request, _("Choix enregistré dans le brouillon. Il reste à valider vos choix."))
    return _back_to_list(scope)


def _gone(scope: WritingScope) -> HttpResponse:
    messages.info(scope.request, _("Ce choix n’est plus dans la liste. La voici à jour."))
    return _back_to_list(scope)


def _back_to_list(scope: WritingScope) -> HttpResponse:
    """Lead to the list: from the dialog the whole page is replaced, from the list only the list."""
    is_list = scope.htmx_target == "choix"
    return scope.redirect("orientation:choices", whole_page=not is_list)


def _to_conflict(scope: WritingScope, error: DraftChangedByOther) -> HttpResponse:
    """Lead to the page that shows both versions."""
    return scope.redirect("orientation:conflict", error.set_aside.public_id)


def _act(scope: WritingScope, act: Callable[[], Draft], *, success: str) -> HttpResponse:
    """Do an act on the list and lead back to it, saying what happened."""
    try:
        act()
    except DraftChangedByOther as error:
        return _to_conflict(scope, error)
    except OrientationError as error:
        return scope.refuse(error)
    else:
        messages.success(scope.request, success)
    return _back_to_list(scope)


@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, student: UUID, kind: PhaseKind, pathway: str) -> HttpResponse:
    """Ask, then take a choice out of the list."""
    scope = writing_scope(request, student, kind)
    if request.method == "POST":
        form = VersionForm(request.POST)
        if not form.is_valid():
            return _gone(scope)
        return _act(
            scope,
            lambda: services.remove_choice(
                file=scope.file,
                phase=scope.phase,
                pathway=pathway,
                version=form.cleaned_data["version"],
                by=scope.user,
                at=scope.now,
            ),
            success=_("Choix supprimé du brouillon. Il reste à valider vos choix."),
        )
    if not scope.can_write():
        return scope.refuse_to_write()
    draft = draft_of(scope.file.student, scope.phase)
    choices = draft_choices(draft, scope.phase)
    choice = next((each for each in choices if each.code == pathway), None)
    if draft is None or choice is None:
        return _gone(scope)
    return scope.render("orientation/choice_remove.html", {"choice": choice, "version": draft.version})


@require_POST
def move(request: HttpRequest, student: UUID, kind: PhaseKind, pathway: str) -> HttpResponse:
    """Bring a choice to another rank."""
    scope = writing_scope(request, student, kind)
    form = MoveForm(request.POST)
    if not form.is_valid():
        raise Http404
    rank = form.cleaned_data["rank"]
    return _act(
        scope,
        lambda: services.move_choice(
            file=scope.file,
            phase=scope.phase,
            pathway=pathway,
            rank=rank,
            version=form.cleaned_data["version"],
            by=scope.user,
            at=scope.now,
        ),
        success=_("Choix déplacé au rang %(rank)d. Il reste à valider vos choix.") % {"rank": rank},
    )


@require_POST
def copy(request: HttpRequest, student: UUID, kind: PhaseKind) -> HttpResponse:
    """Begin the final choices with a copy of the intentions."""
    scope = writing_scope(request, student, kind)
    form = VersionForm(request.POST)
    if kind is not PhaseKind.FINAL_CHOICES or not form.is_valid():
        raise Http404
    return _act(
        scope,
        lambda: services.copy_intentions(
            file=scope.file, phase=scope.phase, version=form.cleaned_data["version"], by=scope.user, at=scope.now
        ),
        success=_(
            "Vos intentions sont reprises dans le brouillon. Relisez-les, complétez-les, puis validez vos choix."
        ),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def reset(request: HttpRequest, student: UUID, kind: PhaseKind) -> HttpResponse:
    """Ask, then bring the draft back to what was last validated (*Annuler*, decision 4)."""
    scope = writing_scope(request, student, kind)
    newest = newest_submission(scope.file.student, scope.phase)
    if request.method == "POST":
        form = VersionForm(request.POST)
        if not form.is_valid():
            return _back_to_list(scope)
        success = (
            _("Votre brouillon est revenu à la demande n° %(number)d.") % {"number": newest.number}
            if newest
            else _("Votre brouillon est vide.")
        )
        return _act(
            scope,
            lambda: services.reset_draft(
                file=scope.file,
                phase=scope.phase,
                version=form.cleaned_data["version"],
                by=scope.user,
                at=scope.now,
            ),
            success=success,
        )
    if not scope.can_write():
        return scope.refuse_to_write()
    draft = draft_of(scope.file.student, scope.phase)
    return scope.render("orientation/reset.html", {"newest": newest, "version": draft.version if draft else 0})
