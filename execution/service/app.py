"""The HTTP face of `Answers`: routes, limits, the bearer token; whatever fails says so, and allows nothing."""

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from execution.service.answers import Answers
from execution.service.metrics import Metrics
from execution.service.openapi import document
from execution.service.requests import JSON_TYPE, MAX_ANSWER, MAX_BATCH, MAX_ONE, Refused, batch_of, scope_of, text_of

BODY_SECONDS: Final = 10
OPEN_ROUTES: Final = frozenset({"/health", "/ready"})
_HEADERS: Final = {"Content-Type": f"{JSON_TYPE}; charset=utf-8"}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class State:
    """What the service is told and tells: whether it is about to stop, and why it is not ready, if so."""

    stopping: bool = False
    trouble: str | None = None


class Service:
    """Decisions over HTTP.

    Args:
        answers: who decides.
        metrics: what is counted.
        state: whether it is ready.
        token: what whoever asks must bear; None where only this machine can ask.
        clock: seconds that only ever grow, for measuring.
    """

    def __init__(
        self, answers: Answers, metrics: Metrics, state: State, token: str | None, clock: Callable[[], float]
    ) -> None:
        self._answers, self._metrics, self._state, self._clock = answers, metrics, state, clock
        self._token = None if token is None else f"Bearer {token}".encode()

    def application(self) -> web.Application:
        """The routes, behind what guards them all."""
        app = web.Application(client_max_size=MAX_BATCH, middlewares=[self._guarded])
        app.router.add_get("/health", self._health)
        app.router.add_get("/ready", self._ready)
        app.router.add_get("/metrics", self._page)
        app.router.add_get("/v1/openapi.json", self._openapi)
        app.router.add_get("/v1/universe", self._universe)
        app.router.add_post("/v1/decide", self._decide)
        app.router.add_post("/v1/decide/batch", self._batch)
        return app

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        began = self._clock()
        try:
            self._admit(request)
            answer = await handler(request)
        except Refused as refused:
            answer = _refusal(refused)
        except web.HTTPException as error:
            code = "too_large" if error.status == 413 else "no_such_request"
            answer = _refusal(Refused(error.status, code, error.reason))
        except Exception as error:  # no failure, whatever it is, is an answer to an order
            answer = _refusal(Refused(500, "failed", f"the request failed: {type(error).__name__}"))
        resource = request.match_info.route.resource
        self._metrics.answered(resource.canonical if resource else "none", answer.status, self._clock() - began)
        return answer

    def _admit(self, request: web.Request) -> None:
        """Whether the request may be answered: a token where one is asked for, and JSON, which no web page of another
        place can send without asking first.
        """
        if self._token is not None and request.path not in OPEN_ROUTES:
            given = request.headers.get("Authorization", "").encode()
            if not hmac.compare_digest(given, self._token):
                raise Refused(401, "unauthorized", "the bearer token is missing or wrong")
        if request.method == "POST" and request.content_type != JSON_TYPE:
            raise Refused(415, "no_json", f"the body must be {JSON_TYPE}", f"send `Content-Type: {JSON_TYPE}`")

    async def _decide(self, request: web.Request) -> web.Response:
        scope = scope_of(request.query.get("scope", "order"))
        answer = self._answers.one(text_of(await _body(request), MAX_ONE), scope)
        self._metrics.decided(scope, (answer,))
        return _json(answer.whole())

    async def _batch(self, request: web.Request) -> web.Response:
        batch = batch_of(text_of(await _body(request), MAX_BATCH))
        texts: list[str] = []
        length = 0
        for part in self._answers.batch(batch):
            self._metrics.decided(batch.scope, part)
            for told in part:
                texts.append(told.whole() if batch.with_facts else told.without_facts())
                length += len(texts[-1])
            if length > MAX_ANSWER:
                help_text = "ask for fewer at once, or without `facts`"
                raise Refused(413, "too_large", f"the answer is longer than {MAX_ANSWER} bytes", help_text)
            await asyncio.sleep(0)
        return _json(f'{{"decisions":[{",".join(texts)}]}}')

    async def _health(self, request: web.Request) -> web.Response:
        return _json('{"alive":true}')

    async def _ready(self, request: web.Request) -> web.Response:
        trouble = "it is stopping" if self._state.stopping else self._state.trouble
        if trouble is not None:
            raise Refused(503, "not_ready", trouble)
        return _json('{"ready":true}')

    async def _page(self, request: web.Request) -> web.Response:
        return web.Response(body=self._metrics.page(), headers={"Content-Type": "text/plain; version=0.0.4"})

    async def _openapi(self, request: web.Request) -> web.Response:
        return _json(json.dumps(document(self._answers.universe.ruleset)))

    async def _universe(self, request: web.Request) -> web.Response:
        ruleset = self._answers.universe.ruleset
        names = {"environment": ruleset.environment, "ruleset": ruleset.ruleset_hash, "universe": ruleset.universe_hash}
        return _json(json.dumps({**names, "subjects": sorted(ruleset.subjects), "actors": sorted(ruleset.actors)}))


async def _body(request: web.Request) -> bytes:
    if request.content.is_eof():  # it came with its head: nobody is waited for
        return await request.read()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.read()
    except TimeoutError:
        raise Refused(408, "too_slow", f"the body took longer than {BODY_SECONDS} seconds") from None


def _json(text: str, status: int = 200) -> web.Response:
    return web.Response(body=text.encode(), status=status, headers=_HEADERS)


def _refusal(refused: Refused) -> web.Response:
    error: dict[str, Any] = {"code": refused.code, "text": refused.text}
    if refused.help is not None:
        error["help"] = refused.help
    return _json(json.dumps({"error": error}), refused.status)
