"""The staff's own pages: getting in, under `/admin/connexion/`, and each school's staff, under its UAI.

Served by `portal.staff_site`, in the namespace of the administration.
"""

from django.urls import URLPattern, path

from accounts.views import members, second_factor, staff_password, staff_sign_in

urlpatterns: list[URLPattern] = [
    path("personnels/", members.members, name="staff_members"),
    path("personnels/inviter/", members.invite, name="staff_member_invite"),
    path("personnels/<int:number>/", members.change, name="staff_member_change"),
    path("personnels/<int:number>/inviter-de-nouveau/", members.invite_again, name="staff_member_invite_again"),
    path("personnels/<int:number>/retirer/", members.remove, name="staff_member_remove"),
    path(
        "personnels/<int:number>/double-authentification/",
        members.reset_second_factor,
        name="staff_member_reset_second_factor",
    ),
]

sign_in_urlpatterns: list[URLPattern] = [
    path("code/", staff_sign_in.second_step, name="second_factor"),
    path("double-authentification/", second_factor.setup, name="second_factor_setup"),
    path("codes-de-secours/", second_factor.recovery_codes, name="recovery_codes"),
    path("mot-de-passe-oublie/", staff_password.forgotten, name="forgotten_password"),
    path("mot-de-passe-oublie/envoi/", staff_password.link_sent, name="password_link_sent"),
    path("mot-de-passe/<uidb64>/<token>/", staff_password.ChoosePassword.as_view(), name="choose_password"),
]
