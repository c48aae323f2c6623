"""Templates: how the authority has its letters written; tried out, kept as versions, put to use by a second person."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from notifier import trying
from notifier.composing import view_of
from notifier.domain.roles import Deed
from notifier.rendering import LetterView, TemplateFaultError
from notifier.rendering.plain import renamed
from notifier.rendering.samples import FULL, letter_of
from notifier.steps import word
from notifier.steps.word import Draft, WordingRefusedError
from notifier.store import delivery_records, letter_copies, office_records, wordings
from notifier.store.delivery_records import Wanted
from notifier.store.wordings import Wording
from notifier.trying import Trial
from notifier.web import forms, staff, template_words
from notifier.web.forms import Form, Question
from notifier.web.pages import answer
from notifier.web.pages.mailbox import MAIL_POLICY
from notifier.web.staff import Staff
from notifier.web.wording import Chip

HERE: Final = "settings/templates"
ROOT: Final = "/letters/templates"
LARGEST: Final = 1_000_000
REFUSED: Final = {
    "own": "自分で作った版は、自分では使い始められません。ほかの承認者に頼んでください。",
    "failed": "この版は、お知らせを作るときに誤りがありました。直した版を保存してください。",
}


def _chip(version: Wording) -> Chip:
    if version.is_in_use:
        return Chip("使用中", "good")
    if version.problem:
        return Chip("誤りで停止", "bad")
    return Chip("使い終わり") if version.activated_at else Chip("下書き", "busy")


async def _versions(looking: Staff) -> Sequence[Wording]:
    async with looking.reading() as conn:
        return await wordings.every(conn, looking.tenant.code)


async def _found(request: web.Request) -> tuple[Staff, Wording]:
    looking = staff.of(request)
    async with looking.reading() as conn:
        found = await wordings.find(conn, looking.tenant.code, int(request.match_info["number"]))
    if found is None:
        raise web.HTTPNotFound
    return looking, found


# ---- looking ----------------------------------------------------------------------------------------------


async def show_list(request: web.Request) -> web.Response:
    """Show by which version letters are written now, all versions, and what can be changed."""
    looking = staff.of(request)
    versions = [] if looking.tenant.is_nation else await _versions(looking)
    used = next((each for each in versions if each.is_in_use), None)
    newest = used or (versions[0] if versions else None)
    composer = looking.tools.composer
    own = set(newest.files) if newest else set()
    names = [
        *template_words.WHOLE,
        *(each for each in trying.names(composer) if each not in template_words.WHOLE),
    ]
    return answer.page(
        request,
        "templates.html",
        HERE,
        versions=[(each, _chip(each)) for each in versions],
        used=used,
        failed=max((each for each in versions if each.problem), key=lambda each: each.number, default=None)
        if used is None
        else None,
        changed=[template_words.label_of(each) for each in _changed(looking, newest)],
        newest=newest,
        files=[
            (each, template_words.label_of(each), template_words.WHOLE.get(each, ("", ""))[1])
            for each in names
        ],
        own=own,
        is_nation=looking.tenant.is_nation,
        may_edit=looking.may(Deed.EDIT) and not looking.tenant.is_nation,
    )


def _changed(looking: Staff, version: Wording | None) -> Sequence[str]:
    return trying.changed_beneath(looking.tools.composer, version.bases) if version else ()


async def show_one(request: web.Request) -> web.Response:
    """Show one version: how it differs from what is shipped, and a letter of a real office as it would be."""
    looking, version = await _found(request)
    return await _page(request, looking, version, Form.filled(office=request.query.get("office", "")))


async def _page(request: web.Request, looking: Staff, version: Wording, form: Form) -> web.Response:
    office = form.text("office", "事業所番号", longest=10).upper()
    letter = await _letter(looking, form, office)
    trial = await _shown(looking, version, letter)
    return answer.page(
        request,
        "template.html",
        HERE,
        status=forms.status_of(form),
        form=form,
        version=version,
        chip=_chip(version),
        differences=_differences(looking, version.files),
        changed=[template_words.label_of(each) for each in _changed(looking, version)],
        problems=_problems(trial),
        shown=trial.shown,
        html_address=f"{ROOT}/{version.number}/html?{urlencode({'office': office})}",
        may_edit=looking.may(Deed.EDIT),
        may_approve=looking.may(Deed.APPROVE),
        is_own=version.created_by == looking.user.name,
    )


async def _shown(looking: Staff, version: Wording, letter: LetterView) -> Trial:
    """Return the letter as the version writes it, or what is wrong; samples were tried when it was kept."""
    tools = looking.tools
    try:
        [said] = await tools.stationery.of(version.id, version.files, tools.composer.folders).compose(
            [letter]
        )
    except TemplateFaultError as fault:
        return Trial(((fault.file, fault.line, fault.problem),))
    return Trial((), version.doubts, said)


def _problems(trial: Trial) -> list[str]:
    return [template_words.problem_of(*each) for each in trial.faults]


def _differences(looking: Staff, files: Mapping[str, str]) -> list[tuple[str, Sequence[trying.DiffLine]]]:
    composer = looking.tools.composer
    return [
        (template_words.label_of(name), trying.difference(_base(looking, name), source))
        for name, source in files.items()
        if name in trying.names(composer)
    ]


def _base(looking: Staff, name: str) -> str:
    try:
        return trying.base_of(looking.tools.composer, name)
    except KeyError:
        return ""


async def _letter(looking: Staff, form: Form, office: str) -> LetterView:
    """Return the last letter to an office as templates want it; a sample for one that got none, or where none is named."""
    sample = letter_of([FULL])
    if not office:
        return sample
    law = await looking.law()
    async with looking.reading() as conn:
        names = await office_records.names(conn, looking.tenant, [office])
        found = await delivery_records.deliveries(conn, looking.tenant, Wanted(office=office), None, 1)
        kept = (
            await letter_copies.copy_of(conn, looking.tenant, found[0].id, looking.now()) if found else None
        )
    if office not in names:
        form.wrong("office", "この番号の事業所は見つかりません。番号を確かめてください。")
        return sample
    if kept is None or not law.deadlines:
        return renamed(sample, names[office], office)
    return view_of(looking.tools, replace(kept.letter, recipient=kept.letter.recipient or "（宛先なし）"))


async def show_html(request: web.Request) -> web.Response:
    """Answer with the HTML of the letter that `show_one` shows, which may do nothing but be looked at."""
    looking, version = await _found(request)
    letter = await _letter(looking, Form(), request.query.get("office", "").upper()[:10])
    trial = await _shown(looking, version, letter)
    if trial.shown is None:
        raise web.HTTPNotFound
    headers = {"Content-Security-Policy": MAIL_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return web.Response(text=trial.shown.html, content_type="text/html", headers=headers)


# ---- editing ----------------------------------------------------------------------------------------------


async def show_editor(request: web.Request) -> web.Response:
    """Show one template to be changed, beginning with what a version holds, or with what is shipped."""
    looking = _editor(request)
    name = request.query.get("file", "")
    begun = await _begun(looking, request.query.get("from", ""))
    if name not in trying.names(looking.tools.composer):
        raise web.HTTPNotFound
    source = begun.files.get(name) if begun else None
    base = _base(looking, name)
    form = Form.filled(file=name, source=base if source is None else source)
    form.typed = {**form.typed, "from": [str(begun.number) if begun else ""]}
    return _editing(request, form, base)


def _editor(request: web.Request) -> Staff:
    looking = staff.requiring(request, Deed.EDIT)
    if looking.tenant.is_nation:
        raise web.HTTPNotFound
    return looking


async def _begun(looking: Staff, written: str) -> Wording | None:
    """Return the version that is gone on from: the one that is named, else the one in use, else the newest."""
    versions = await _versions(looking)
    named = next((each for each in versions if str(each.number) == written), None)
    used = next((each for each in versions if each.is_in_use), None)
    return named or used or (versions[0] if versions else None)


def _editing(
    request: web.Request, form: Form, base: str, shown: str = "", doubts: Sequence[str] = ()
) -> web.Response:
    name = form.value("file")
    return answer.page(
        request,
        "template_edit.html",
        HERE,
        status=forms.status_of(form),
        form=form,
        label=template_words.label_of(name),
        told=template_words.WHOLE.get(name, ("", ""))[1],
        difference=trying.difference(base, form.value("source").replace("\r\n", "\n")),
        names=template_words.NAMES,
        shown=shown,
        doubts=doubts,
        longest=trying.LONGEST,
    )


async def save(request: web.Request) -> web.Response:
    """Try a changed template out, and keep it as a version if that was asked for and nothing is wrong with it."""
    looking = _editor(request)
    form = await forms.read(request, LARGEST)
    composer = looking.tools.composer
    name = form.one_of("file", "文面", trying.names(composer))
    note = form.text("note", "変えたこと")
    source = form.value("source").replace("\r\n", "\n").replace("\r", "\n")
    if not name:
        raise web.HTTPNotFound
    if len(source) > trying.LONGEST:
        form.wrong("source", f"文面は{trying.LONGEST:,}文字までにしてください。")
    if any(not (each.isprintable() or each in "\n\t\u3000") for each in source):
        form.wrong("source", "使えない文字（制御文字）が入っています。貼り付けた文字を確かめてください。")
    is_kept = form.value("deed") == "save"
    if is_kept and not note:
        form.wrong("note", "変えたことを短く入力してください。")
    base = _base(looking, name)
    if not form.is_right:
        return _editing(request, form, base)
    begun = await _begun(looking, form.value("from"))
    files, bases = _changed_files(looking, begun, name, source)
    trial = await trying.try_out(composer, files, letter_of([FULL]))
    for problem in _problems(trial):
        form.wrong("source" if not form.problems else problem, problem)
    if trial.faults or not is_kept:
        return _editing(request, form, base, trial.shown.text if trial.shown else "", trial.doubts)
    draft = Draft(looking.tenant.code, files, bases, trial.doubts, note)
    made = await word.save(looking.tools, draft, looking.actor)
    told = f"第{made.number}版として保存しました。承認者が「使い始める」を押すと、お知らせに使われます。"
    return forms.done(request, f"{ROOT}/{made.number}", told)


def _changed_files(
    looking: Staff, begun: Wording | None, name: str, source: str
) -> tuple[dict[str, str], dict[str, str]]:
    """Return all changed templates with this one, and from which shipped ones they were made; an unchanged one is none."""
    files = dict(begun.files) if begun else {}
    bases = dict(begun.bases) if begun else {}
    base = _base(looking, name)
    if source.rstrip("\n") == base.rstrip("\n"):
        files.pop(name, None)
        bases.pop(name, None)
    else:
        files[name] = source if source.endswith("\n") or not source else f"{source}\n"
        bases[name] = trying.digest_of(base)
    return files, bases


# ---- putting to use ---------------------------------------------------------------------------------------


async def put_to_use(request: web.Request) -> web.Response:
    """Write letters by a version from now on; before that say for how many addresses. Only for approvers."""
    looking, version = await _found(request)
    looking.require(Deed.APPROVE)
    form = await forms.read(request)
    back = f"{ROOT}/{version.number}"
    if not form.is_ticked("confirmed"):
        async with looking.reading() as conn:
            count = await wordings.addresses(conn, looking.tenant.code)
        question = Question(
            f"第{version.number}版を使い始めます",
            "これから作るお知らせが、この文面になります。すでに送ったもの、送っている途中のものは変わりません。",
            "使い始める",
            f"{back}/use",
            back,
            counts=[("届く宛先", f"{count:,}か所"), ("変えた文面", f"{len(version.files)}個")],
            warning=f"この文面には、次のものがありません：{'、'.join(version.doubts)}"
            if version.doubts
            else "",
            sample=[template_words.label_of(each) for each in version.files],
        )
        return forms.ask(request, HERE, question)
    trial = await trying.try_out(looking.tools.composer, version.files)
    for problem in _problems(trial):
        form.wrong("", f"いまの仕組みでは、この版からお知らせを作れません。{problem}")
    if form.is_right:
        try:
            await word.put_to_use(looking.tools, looking.tenant.code, version.number, looking.actor)
        except WordingRefusedError as fault:
            form.wrong("", REFUSED[fault.about])
    if not form.is_right:
        return await _page(request, looking, version, form)
    return forms.done(request, back, f"第{version.number}版を使い始めました。")


async def give_up(request: web.Request) -> web.Response:
    """Write letters as shipped again."""
    looking, version = await _found(request)
    looking.require(Deed.EDIT)
    await forms.read(request)
    given_up = await word.give_up(looking.tools, looking.tenant.code, version.number, looking.actor)
    told = "標準の文面に戻しました。" if given_up else "この版は使われていません。"
    return forms.done(request, ROOT, told)


_ONE: Final = f"{ROOT}/{{number:[0-9]{{1,6}}}}"
ROUTES: Final = (
    web.get(ROOT, show_list),
    web.get(f"{ROOT}/edit", show_editor),
    web.post(f"{ROOT}/edit", save),
    web.get(_ONE, show_one),
    web.get(f"{_ONE}/html", show_html),
    web.post(f"{_ONE}/use", put_to_use),
    web.post(f"{_ONE}/give-up", give_up),
)
