"""Pages for people: each address answers a browser in HTML, and programs as before."""

import json
import re
from html import escape
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.wsgi import get_wsgi_application

from api.database import release
from api.html.front import shade
from api.html.layout import language
from api.html.records import time_of
from api.problems import PROBLEM_TYPES
from api.serving.cache import ResponseCache
from api.serving.headers import PAGE_POLICY
from policy.dyads import dyads, scores_between
from policy.models import (
    Account,
    Change,
    Country,
    Event,
    Gap,
    IssueSide,
    Relation,
    Release,
    Source,
    Statement,
)
from policy.plover import Context, EventType
from tests.conftest import RESOURCES, ROOT, some
from tests.samples import DYAD, FIRST, WORD, records, sample
from tests.wsgi import asking, connections_kept

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
PROGRAMS = ("application/json", "*/*", "application/json;q=1, text/html;q=0.5",
            "text/html, application/json", "application/*, text/html;q=0.9")  # fmt: skip
LISTS = [*(f"/api/v1/{name}" for name in RESOURCES), "/api/v1/dyads", f"/api/v1/search?q={WORD}"]
SOME = ["/", "/api/v1", *LISTS, f"/api/v1/dyads/{DYAD}", "/guide", "/problems", "/problems/renamed",
        *(f"/api/v1/{name}/{sample(name.replace('-', '_'))}" for name in RESOURCES)]  # fmt: skip
VOID = {"br", "hr", "img", "input", "link", "meta"}
LOADING = {"link": "href", "img": "src", "iframe": "src", "form": "action"}
HOSTILE = """<script>alert(1)</script><img src=x onerror="alert('x')">&amp;{{ 7 }}"""


class Page(HTMLParser):
    """A page as read by a strict parser: what is wrong with it, and its links."""

    def __init__(self, text):
        super().__init__()
        self.open, self.wrong, self.links, self.ids = [], [], [], []
        self.headings, self.labels, self.fields, self.landmarks = [], [], [], []
        self.feed(text)
        self.close()
        self.wrong += [f"<{tag}> is never closed" for tag in self.open]
        self.wrong += [f"id {one!r} stands twice" for one in {*self.ids} if self.ids.count(one) > 1]
        self.wrong += [f"no label for {one!r}" for one in self.fields if one not in self.labels]
        steps = zip([0, *self.headings], self.headings, strict=False)
        self.wrong += [f"a heading of level {two} after one of {one}" for one, two in steps
                       if two > one + 1]  # fmt: skip
        if self.headings.count(1) != 1:
            self.wrong.append("not one heading of the first level")
        for tag in ("main", "header", "footer"):
            if self.landmarks.count(tag) != 1:
                self.wrong.append(f"not one <{tag}>")
        if not text.startswith("<!DOCTYPE html>\n<html lang="):
            self.wrong.append("no doctype, or no language")

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        self.landmarks.append(tag)
        found = {"ids": given.get("id"), "labels": tag == "label" and given.get("for"),
                 "headings": re.fullmatch("h[1-6]", tag) and int(tag[1]),
                 "links": tag == "a" and given.get("href"),
                 "fields": tag == "input" and given.get("id", "no id")}  # fmt: skip
        for name, value in found.items():
            getattr(self, name).extend([value] if value else [])
        self.wrong += [f"<{tag} {name}> is refused by the policy" for name in given
                       if name == "style" or name.startswith("on")]  # fmt: skip
        data = given.get("type") == "application/ld+json"
        if tag == "style" or (tag == "script" and not data):
            self.wrong.append(f"<{tag}> is refused by the policy")
        if tag == "a" and not re.match(r"/|#|https?://", given.get("href", "")):
            self.wrong.append(f"a link to {given.get('href')!r}")
        if tag in LOADING and not re.match("/|data:,", given.get(LOADING[tag], "")):
            self.wrong.append(f"<{tag}> loads {given.get(LOADING[tag])!r}")

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open[-1] != tag:
            self.wrong.append(f"</{tag}> closes {self.open[-1:]}")
        else:
            self.open.pop()


@pytest.fixture
def browse(api):
    """A function that asks as a browser does, and returns the answer and its page."""

    def get(path, status=200):
        response = api.get(path, HTTP_ACCEPT=BROWSER)
        assert response.status_code == status, path
        assert response["Content-Type"] == "text/html; charset=utf-8", path
        assert response["Content-Security-Policy"] == PAGE_POLICY
        page = Page(response.content.decode())
        assert page.wrong == [], path
        return response, page

    return get


def every_record(read):
    """Yield the address of each record and each dyad."""
    for name in [*RESOURCES, "dyads"]:
        for record in read(f"{name}?page_size=500")["results"]:
            yield f"/api/v1/{name}/{record['id']}"


def test_every_address_answers_a_browser_with_a_page(browse, read):
    problems = [f"/problems/{name}" for name in PROBLEM_TYPES]
    for path in [*SOME, *problems, *some(every_record(read), 4)]:
        response, _ = browse(path)
        assert response["Vary"] == "Accept, Accept-Encoding"
        assert response["ETag"]


@pytest.mark.once
@pytest.mark.parametrize("path", SOME)
def test_programs_get_json_as_before(api, path):
    plain = api.get(path)
    assert plain["Content-Type"] == "application/json"
    for accept in PROGRAMS:
        response = api.get(path, HTTP_ACCEPT=accept)
        assert response["Content-Type"] == "application/json", accept
        assert response.content == plain.content


@pytest.mark.once
def test_the_format_can_be_asked_for_by_name(api):
    for path in SOME:
        sign = "&" if "?" in path else "?"
        response = api.get(f"{path}{sign}format=html", HTTP_ACCEPT="application/json")
        assert Page(response.content.decode()).wrong == [], path
        response = api.get(f"{path}{sign}format=json", HTTP_ACCEPT=BROWSER)
        assert response["Content-Type"] == "application/json"


@pytest.mark.once
@pytest.mark.parametrize("path", SOME)
def test_head_has_the_headers_of_get(api, path):
    got, head = (ask(path, HTTP_ACCEPT=BROWSER) for ask in (api.get, api.head))
    apart = {"X-Request-ID"}
    assert {**head.headers, **dict.fromkeys(apart)} == {**got.headers, **dict.fromkeys(apart)}
    assert int(got["Content-Length"]) == len(got.content)
    assert head.content == b""


@pytest.fixture
def serve(db, monkeypatch):
    """A function that sends requests through the response cache."""
    monkeypatch.setattr(release, "FRESH", -1)
    monkeypatch.setattr(release, "TRUSTED", 60)
    with connections_kept():
        yield asking(ResponseCache(get_wsgi_application(), 2**24))


@pytest.mark.once
def test_any_text_is_a_page_where_no_other_text_is(api, read):
    """RFC 9110: text/* matches text/html; a list has CSV too, which comes first."""
    dyad = read("dyads")["results"][0]["id"]
    for path, status in {"/": 200, f"/api/v1/dyads/{dyad}": 200, "/api/v1/dyads": 200,
                         f"/problems/{next(iter(PROBLEM_TYPES))}": 200, "/nothing": 404,
                         "/api/v1/statements?topic=migratoin": 400}.items():  # fmt: skip
        for accept in ("text/*", "text/*, */*;q=0.1"):
            response = api.get(path, HTTP_ACCEPT=accept)
            assert response.status_code == status, path
            assert response["Content-Type"] == "text/html; charset=utf-8", path
        plain = api.get(path, HTTP_ACCEPT="text/*, */*")
        assert plain["Content-Type"].endswith("json")
        assert api.get(path, HTTP_ACCEPT="text/*, text/html;q=0")["Content-Type"].endswith("json")


@pytest.mark.once
@pytest.mark.parametrize("path", SOME)
def test_the_cache_never_gives_one_format_for_the_other(serve, path):
    json_type, page_type = "application/json", "text/html; charset=utf-8"
    tags = {}
    for accept, kind in [("*/*", json_type), (BROWSER, page_type)] * 2:
        got = serve(path, accept=accept)
        assert (got.status, got.headers["content-type"]) == (200, kind)
        assert tags.setdefault(kind, got.headers["etag"]) == got.headers["etag"]
        assert serve(path, accept=accept, if_none_match=tags[kind]).status == 304
    assert len({*tags.values()}) == 2
    crossed = serve(path, accept=BROWSER, if_none_match=tags[json_type])
    assert (crossed.status, crossed.headers["content-type"]) == (200, page_type)
    assert serve(path, accept=BROWSER, accept_encoding="gzip").headers["content-encoding"] == "gzip"


@pytest.mark.once
def test_errors_of_a_browser_are_pages_with_the_same_status(api, browse):
    for path, status in {
        "/nothing": 404, "/api/v1/statements/no-such-thing": 404, "/api/v1/dyads/XXX-YYY": 404,
        "/api/v1/search": 400, "/api/v1/statements?topic=migratoin": 400, "/problems/nothing": 404,
        "/api/v1/statements?cursor=x": 400,
        "/?nothing=1": 400, "/docs?x=1": 400, "/api/v1/release?x=%FF": 400,
    }.items():  # fmt: skip
        response, _ = browse(path, status)
        plain = api.get(path)
        assert (plain.status_code, plain["Content-Type"]) == (status, "application/problem+json")
        assert plain.json()["title"] in response.content.decode()
        assert response["Cache-Control"] == "no-store"
    browse(f"/api/v1/statements/{sample('statements')}?fields=id", 400)
    assert api.post("/", HTTP_ACCEPT=BROWSER)["Content-Type"].startswith("text/html")
    refused = api.get("/nothing?format=json", HTTP_ACCEPT=BROWSER)
    assert refused["Content-Type"] == "application/problem+json"


@pytest.mark.once
@pytest.mark.parametrize("path", ["/", *LISTS, f"/api/v1/dyads/{DYAD}", "/problems"])
def test_an_unknown_parameter_is_told_with_the_nearest_match(browse, path):
    sign = "&" if "?" in path else "?"
    response, page = browse(f"{path}{sign}formt=html", 400)
    assert "<code>format</code></a>" in response.content.decode()
    browse(next(link for link in page.links if link.endswith("format=html")))


@pytest.mark.once
@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("topic=migratoin&page_size=1", "page_size=1&topic=migration"),
        ("topic=migratoin,crime", "topic=migration,crime"),
        ("country=UK", "country=GB"),
        ("topc=crime&page_size=1", "page_size=1&topic=crime"),
        ("topic=migratoin,crme", ""),
        ("between=UK,US", ""),
        ("topic=migratoin&topic=crime", ""),
    ],
)
def test_the_nearest_match_leads_to_the_corrected_request(browse, wrong, right):
    """Where it is one value: what it would be is not guessed of several."""
    response, page = browse(f"/api/v1/statements?{wrong}", 400)
    assert "Nearest: " in response.content.decode()
    main = response.content.decode().partition("<main")[2].partition("</main>")[0]
    links = [link for link in page.links if f'href="{escape(link)}"' in main and "?" in link]
    assert links == ([f"/api/v1/statements?{right}"] if right else [])
    for link in links:
        browse(link)


def test_a_former_key_leads_a_browser_on(browse):
    for renaming in records("renamings"):
        if renaming["record"]:
            path = f"/api/v1/{RESOURCES[0]}".replace(RESOURCES[0], f"{renaming['kind']}s")
            response, _ = browse(f"{path}/{renaming['former']}", 308)
            assert response["Location"].endswith(f"/{renaming['record']}")


@pytest.mark.slow
@pytest.mark.once
def test_every_link_leads_somewhere(api, browse, read):
    told, seen = {}, {}
    for path in [*SOME, *every_record(read)]:
        _, page = browse(path)
        told |= dict.fromkeys(page.links, path)
        seen[path] = page
    for link, origin in told.items():
        path, _, fragment = link.removeprefix("http://127.0.0.1:8000").partition("#")
        assert not path.startswith("http"), f"{origin} leads to {link}"
        if path and path not in seen:
            response = api.get(path, HTTP_ACCEPT=BROWSER)
            list(response)  # A stream is read to its end, so that the next one is not refused.
            assert response.status_code == 200, f"{origin} leads to {link}"
        if fragment:
            assert fragment in seen[path or origin].ids, f"{origin} leads to {link}"
    assert len(told) > len(seen)
    style = api.get("/static/api/pages.css")
    assert b"".join(style).startswith(b":root")


@pytest.mark.once
def test_links_are_below_the_path_of_the_public_address(api, settings):
    settings.PUBLIC_URL, settings.FORCE_SCRIPT_NAME = "https://x.example/under", "/under"
    settings.STATIC_URL = "/under/static/"
    for path in [*SOME, "/nothing"]:
        text = api.get(path, HTTP_ACCEPT=BROWSER).content.decode()
        found = re.findall(r'(?:href|action)="([^"#][^"]*)"', text)
        assert len(found) > 10
        for link in found:
            assert re.match(r"(https://x\.example)?/under/|data:,|https://x\.example/under$", link)


@pytest.mark.once
def test_hostile_texts_are_shown_and_not_obeyed(api, browse):
    Statement.objects.update(summary=HOSTILE, note=HOSTILE, medium=HOSTILE)
    Event.objects.update(summary=HOSTILE, rationale=HOSTILE, place_text=HOSTILE)
    Country.objects.update(name=HOSTILE)
    Gap.objects.update(question=HOSTILE)
    Source.objects.update(title=HOSTILE, url="javascript:alert(1)", author="https://x.example/\"'>")
    Release.objects.update(licence=HOSTILE[:50], title=HOSTILE)
    tags = re.compile(r"<script>|<img|javascript:[^<]*\"")
    for path in [*SOME, f"/api/v1/statements?q={WORD}%22%3E%3Cscript%3E"]:
        response = api.get(path, HTTP_ACCEPT=BROWSER)
        text = response.content.decode()
        page = Page(text)
        assert [one for one in page.wrong if "stands twice" not in one] == [], path
        assert not tags.search(text), path
    assert "&lt;script&gt;alert(1)" in api.get("/", HTTP_ACCEPT=BROWSER).content.decode()


def test_a_query_is_escaped_where_it_is_shown(browse):
    hostile = "%22%3E%3Cscript%3Ealert(1)%3C/script%3E"
    for path, status in {f"/api/v1/search?q={hostile}": 200, f"/nothing?{hostile}={hostile}": 404,
                         f"/{hostile}": 404, f"/?{hostile}=1": 400}.items():  # fmt: skip
        response, _ = browse(path, status)
        assert b"<script" not in response.content


def test_the_front_page_holds_the_dataset_in_terms_of_schema_org(browse, api):
    Release.objects.update(title=HOSTILE)
    text = browse("/")[0].content.decode()
    (block,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', text, re.DOTALL)
    assert json.loads(block) == api.get("/?format=jsonld").json()
    assert json.loads(block)["name"] == HOSTILE


def test_the_front_page_tells_the_release_and_whether_it_was_modified(browse, read):
    told = read("release")
    text = browse("/")[0].content.decode()
    assert told["content_hash"] in text
    assert "modified" not in text
    Statement.objects.filter(pk=sample("statements")).update(note="Changed by hand.")
    text = browse("/")[0].content.decode()
    assert told["content_hash"] not in text
    assert "modified" in text


def test_every_page_of_the_dataset_says_whether_it_was_modified(browse):
    """Those that are read from no table, such as the guide, have nothing to say."""
    asked = [path for path in SOME if path.startswith("/api/v1/")]
    before = {path: browse(path)[0].content.decode() for path in some(asked, 2)}
    Statement.objects.filter(pk=sample("statements")).update(note="Changed by hand.")
    for path, text in before.items():
        assert "tables hold something else" not in text
        assert "tables hold something else" in browse(path)[0].content.decode(), path


def test_a_record_shows_every_passage_it_rests_on_and_its_note(browse, read):
    for name in ("statements", "events", "trips", "bilateral-issues", "officials"):
        for record in some(read(f"{name}?page_size=500")["results"], 3):
            path = f"/api/v1/{name}/{record['id']}"
            page = browse(path)[1]
            cited = re.findall(r'"evidence": \[(.*?)\]', json.dumps(record))
            keys = {key for one in cited for key in re.findall(r'"id": "([^"]+)"', one)}
            assert {f"/api/v1/passages/{key}" for key in keys} <= {*page.links}, path


@pytest.mark.once
def test_a_page_says_that_nothing_is_cited_only_of_what_could_cite(browse, read):
    for name in RESOURCES:
        for record in read(f"{name}?page_size=500")["results"]:
            page = browse(f"/api/v1/{name}/{record['id']}")[0].content.decode()
            silent = json.dumps(record).count('"evidence": []')
            assert page.count("no passage is cited") == silent, record["id"]


def test_a_source_shows_each_sentence_and_what_rests_on_it(browse, read):
    key = sample("sources")
    response, page = browse(f"/api/v1/sources/{key}")
    for line in read(f"sources/{key}/coverage")["ledger"]:
        assert f"p{line['paragraph']}s{line['number']}" in page.ids
        assert {f"/api/v1/passages/{one}" for one in line["passages"]} <= {*page.links}
        if line["uncited_reason"]:
            assert "No fact rests on it" in response.content.decode()
    for gap in read(f"gaps?source={key}&page_size=500")["results"]:
        assert f"/api/v1/gaps/{gap['id']}" in page.links


def test_a_dyad_shows_where_a_side_is_silent(browse, read):
    issues = read("bilateral-issues?page_size=500")["results"]
    for pair in {"-".join(issue["countries"]) for issue in issues}:
        sides = [
            side
            for issue in issues
            if "-".join(issue["countries"]) == pair
            for account in issue["accounts"]
            for side in account["sides"]
        ]
        text = browse(f"/api/v1/dyads/{pair}")[0].content.decode()
        assert text.count("Position not stated") == sum(side["not_stated"] for side in sides)


def test_a_dyad_marks_what_contradicts_and_tells_each_account_by_its_source(browse, read):
    issue = Account.objects.first()
    pair = "-".join(sorted(issue.issue.countries.values_list("pk", flat=True)))
    assert 'class="contradiction"' not in browse(f"/api/v1/dyads/{pair}")[0].content.decode()
    told = Source.objects.create(id="another", title="Another text", language="en",
                                 sha256="0" * 64, code_points=9)  # fmt: skip
    other = Account.objects.create(id=f"{issue.issue_id}-another", issue=issue.issue, source=told,
                                   summary="Otherwise.", support="stated")  # fmt: skip
    IssueSide.objects.create(id=f"{other.pk}-side", account=other, country_id=pair[:3],
                             position="Says otherwise.", support="stated")  # fmt: skip
    Relation.objects.create(id="at-odds", relation="contradicts", support="stated",
                            subject_kind="bilateral-issue", subject=issue.issue_id,
                            subject_part=other.pk, object_kind="bilateral-issue",
                            object=issue.issue_id, object_part=issue.pk)  # fmt: skip
    response, page = browse(f"/api/v1/dyads/{pair}")
    text = response.content.decode()
    assert 'class="contradiction"' in text
    assert text.count("Account of") == 2
    assert "Says otherwise." in text
    assert "No side of this country is recorded" in text
    assert "/api/v1/sources/another" in page.links


@pytest.mark.once
def test_a_list_of_statements_tells_who_made_each(browse, read):
    parts = browse("/api/v1/statements")[0].content.decode().split("<li><h2>")[1:]
    for part, record in zip(parts, read("statements")["results"], strict=True):
        for key, name in {"speaker": "officials", "attributed_organisation": "organisations",
                          "attributed_country": "countries"}.items():  # fmt: skip
            if record[key]:
                told = f'<p class="by"><a href="/api/v1/{name}/{record[key]}">'
                assert told in part.partition("</li>")[0]
        assert ('class="by"' in part) != record["narrator"]


@pytest.mark.once
def test_links_are_called_what_they_lead_to(browse):
    front = browse("/")[0].content.decode()
    assert "<title>Demarche · Demarche" not in front
    assert re.search(r'href="[^"]*/docs">Try the API<', front)
    assert re.search(r'href="[^"]*/guide">the guide<', front)
    dyad = browse(f"/api/v1/dyads/{DYAD}")[0].content.decode()
    assert '<p class="trail"><a href="/api/v1/dyads">Dyads</a> /' in dyad


@pytest.mark.once
def test_filters_that_are_set_can_be_taken_out(browse):
    path = "/api/v1/statements?topic=migration&country=USA&page_size=1"
    response, page = browse(path)
    assert "/api/v1/statements?country=USA" in page.links
    assert "/api/v1/statements?topic=migration" in page.links
    following = [link for link in page.links if "cursor=" in link]
    assert following
    assert browse(following[0].removeprefix("http://127.0.0.1:8000"))[0].content != response.content


def test_a_facet_leads_to_as_many_records_as_it_counts(browse, read):
    for name, facet in {"statements": "topic", "events": "event_type", "gaps": "country"}.items():
        counts = read(f"{name}?facets={facet}")["facets"][facet]
        links = [parse_qs(urlsplit(link).query) for link in browse(f"/api/v1/{name}")[1].links]
        values = {link[facet][0] for link in links if facet in link}
        assert values
        assert values <= {str(one["value"]) for one in counts}
        for one in counts:
            if one["value"] in values:
                assert read(f"{name}?{facet}={one['value']}")["count"] == one["count"]


def test_scores_between_countries_are_those_of_their_dyads(db, read):
    every = dyads()
    totals = scores_between({code for dyad in every for code in (dyad.first, dyad.second)})
    for dyad in every:
        told = read(f"dyads/{dyad.id}")["event_totals"]
        found = totals.get((dyad.first, dyad.second))
        assert (found.score_mean if found else None) == told["score_mean"]
    assert scores_between([FIRST["id"]]) == {}


def shown_values(text):
    """Return the values of each label of a page, as its reader sees them."""
    found = {}
    for label, values in re.findall(r"<dt title[^>]*>(.*?)</dt><dd>(.*?)</dd>", text):
        plain = re.sub("<[^>]*>", "", re.sub("<span.*?</span>", "\n", values))
        found.setdefault(label, []).extend(plain.split("\n"))
    return found


@pytest.mark.once
def test_values_are_written_as_people_write_them(browse, read):
    shown = {}
    for path in every_record(read):
        text = browse(path)[0].content.decode()
        for label, values in shown_values(text).items():
            shown.setdefault(label, []).extend(values)
        assert " url" not in (re.search(r"Not stated: .*", text) or [""])[0]
    assert not {"Sha256", "Url", "Cow"} & {*shown}
    assert {"SHA-256", "COW"} <= {*shown}
    assert {value[0] for value in shown["Score"]} <= {"+", "−"}
    assert not [value for value in shown["Longitude"] if "-" in value]
    assert all(value[0].isupper() for value in [*shown["Contexts"], *shown["Language"]])


@pytest.mark.once
def test_a_language_is_called_by_its_name():
    called = [language(tag) for tag in ("en", "es-MX", "zh-Hant", "fr-TD", "xx")]
    assert called == ["English", "Mexican Spanish", "Traditional Chinese", "French (fr-TD)", "xx"]


@pytest.mark.once
def test_filters_that_are_set_are_told_in_words(browse):
    text = browse("/api/v1/events?context=migration,crime&country=USA")[0].content.decode()
    told = re.findall(r"<li><b>(.*?)</b> (.*?) <a", text)
    country = Country.objects.get(pk="USA").name
    assert told == [("Context", "Migration, Crime"), ("Country", country)]


@pytest.mark.once
def test_a_facet_calls_a_code_what_a_record_does(browse):
    texts = [browse(f"/api/v1/events?facets={name}")[0].content.decode()
             for name in ("event_type", "context", "confidence")]  # fmt: skip
    facets = "".join(text.partition('<aside id="narrow"')[2] for text in texts)
    codes = {*re.findall('<span class="code">(.*?)</span>', texts[0])}
    counted = {*re.findall(r"<li><(?:a|span)[^>]*>([^<]*)</", facets)}
    assert {EventType(event["event_type"]).label for event in records("events")
            if event.get("event_type")} <= counted & codes  # fmt: skip
    assert not counted & {*EventType.values, *Context.values}


@pytest.mark.once
def test_a_list_leads_to_what_narrows_it(browse):
    text = browse("/api/v1/statements")[0].content.decode()
    before, _, after = text.partition('href="#narrow"')
    assert '<ol class="entries">' not in before
    assert '<aside id="narrow"' in after


@pytest.mark.once
def test_shades_and_times_are_told_in_words():
    shades = [shade(score) for score in (None, -10, -3, -1, 0.2, 1, 4, 9)]
    assert shades == ["none", "conflict3", "conflict2", "conflict1", "even", "accord1", "accord2",
                      "accord3"]  # fmt: skip
    known = {"time_text": "in May", "time_earliest": "2025-05-01", "time_latest": "2025-05-31",
             "time_precision": "month", "time_year_inferred": True}  # fmt: skip
    told = "“in May”, 2025-05-01 to 2025-05-31 (month), year inferred"
    assert time_of(known, "time") == told
    assert time_of(dict.fromkeys(known), "time") == ""


@pytest.mark.once
def test_templates_and_style_stay_small():
    api = ROOT / "api"
    paths = [*api.glob("templates/**/*.html"), *api.glob("static/api/*.css")]
    lines = sum(len(path.read_text().splitlines()) for path in paths if path.stem != "docs")
    assert 0 < lines <= 700


def test_a_change_is_headed_by_the_record_it_tells_of(browse):
    change = Change.objects.filter(kind="statement").exclude(change="removed").first()
    _, found = browse(f"/api/v1/changes?kind=statement&record={change.record}")
    assert f"/api/v1/statements/{change.record}" in found.links
