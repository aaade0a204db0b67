"""The shapes of the wire, for the OpenAPI document. What is sent is written by `encoding.py`; a test holds both equal."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from limner.domain.job import JobState

Format = Literal["png", "jpeg", "webp"]
ID = r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"


class LimnerInputReference(BaseModel):
    """One picture to start from: an upload, or one of your images."""

    model_config = ConfigDict(extra="forbid")

    role: str = Field(min_length=1, description="What it is for: image, mask, or another role of the model's.")
    input: str | None = Field(None, description="The id of an upload (POST /inputs).")
    image: str | None = Field(None, description="The id of one of your images.")


class LimnerAsk(BaseModel):
    """What to paint. Everything but the prompt may be left out; the model's limits are in GET /models."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"prompt": "a red fox in snow"}]})

    prompt: str = Field(min_length=1, description="What the picture shows.")
    negative_prompt: str | None = Field(None, description="What it shall not show, where the model takes that.")
    model: str | None = Field(None, description="A name from GET /models.")
    width: int | None = Field(None, ge=1, description="Pixels.")
    height: int | None = Field(None, ge=1, description="Pixels.")
    count: int | None = Field(None, ge=1, description="How many pictures.")
    seed: int | None = Field(None, ge=0, lt=2**32, description="Picture i uses seed + i.")
    steps: int | None = Field(None, ge=0)
    guidance: float | None = None
    format: Format | None = None
    inputs: list[LimnerInputReference] | None = Field(None, description="Pictures to start from, each by its id.")
    strength: float | None = Field(None, description="How far from the image: 0 keeps it, 1 paints anew.")
    options: dict[str, Any] | None = Field(None, description="The model's own; their schema is in GET /models.")
    reference: str | None = Field(None, max_length=255, description="A label of your own, to find the job by.")
    metadata: dict[str, Any] | None = Field(None, description="Kept with the job and given back, up to 16 KiB.")


class LimnerRequestInput(BaseModel):
    """One picture that it starts from; either input or image is null."""

    role: str
    input: str | None
    image: str | None


class LimnerRequest(BaseModel):
    """What is painted: defaults, model and seed are resolved and stay the same in every retry."""

    prompt: str
    negative_prompt: str | None
    model: str
    width: int
    height: int
    count: int
    seed: int | None = Field(description="null where the model takes none.")
    steps: int | None
    guidance: float | None
    format: Format
    inputs: list[LimnerRequestInput]
    strength: float | None
    options: dict[str, Any]


class LimnerProgress(BaseModel):
    """How far the job is, over all its pictures."""

    fraction: float = Field(ge=0, le=1)
    step: int
    steps: int | None
    eta_seconds: float | None


class LimnerNote(BaseModel):
    """Something to know about pictures that were painted all the same."""

    code: str
    detail: str


class LimnerJobError(BaseModel):
    """Why the job failed."""

    code: str
    title: str
    detail: str
    retryable: bool


class LimnerImage(BaseModel):
    """Facts about one picture; its bytes are at `url`, and at `signed_url` for those who send no headers."""

    id: str = Field(pattern=ID)
    job_id: str = Field(pattern=ID)
    index: int
    seed: int | None = Field(description="null where its engine takes none.")
    width: int
    height: int
    format: Format
    bytes: int
    sha256: str
    color: str
    deleted: bool
    created_at: datetime
    expires_at: datetime | None
    url: str
    signed_url: str


class LimnerInput(BaseModel):
    """An upload. `expires_at` is null once a job uses it: it goes with the last one that does."""

    id: str = Field(pattern=ID)
    width: int
    height: int
    format: Format
    bytes: int
    sha256: str
    created_at: datetime
    expires_at: datetime | None
    url: str


class LimnerUrls(BaseModel):
    """Where the job is, where it can be watched without headers, where it is cancelled."""

    self: str
    events: str
    cancel: str


class LimnerJob(BaseModel):
    """One request for pictures and its life."""

    id: str = Field(pattern=ID)
    state: JobState
    reference: str | None
    request: LimnerRequest
    metadata: dict[str, Any]
    attempt: int
    expected_start_at: datetime | None
    progress: LimnerProgress
    images: list[LimnerImage]
    notes: list[LimnerNote]
    error: LimnerJobError | None
    ambiguous_calls: int
    paid_bad_outputs: int
    retry_of: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    expires_at: datetime | None
    urls: LimnerUrls


class LimnerJobPage(BaseModel):
    """Newest first; `next` is the cursor of the following page, null at the end."""

    items: list[LimnerJob]
    next: str | None


class LimnerImagePage(BaseModel):
    """Newest first; `next` is the cursor of the following page, null at the end."""

    items: list[LimnerImage]
    next: str | None


class LimnerFieldError(BaseModel):
    """One field that needs mending, with the limits it broke."""

    model_config = ConfigDict(extra="allow")

    pointer: str
    code: str
    detail: str


class LimnerProblem(BaseModel):
    """What went wrong (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: list[LimnerFieldError] | None = Field(None, exclude_if=lambda value: value is None)


class LimnerLimits(BaseModel):
    """From least to most."""

    minimum: float
    maximum: float


class LimnerInputLimits(BaseModel):
    """What a model takes in one role. Sides are pixels; other formats are converted."""

    min_count: int
    max_count: int
    formats: list[Format]
    min_side: int
    max_side: int
    max_bytes: int | None


class LimnerCapabilities(BaseModel):
    """What a model takes. Sizes are pixels; null means that it takes none; `inputs` are by role; `options` is a JSON
    Schema.

    `sizes` are the only [width, height] there are, `max_ratio` and `max_pixels` limit both sides together; null where nothing
    does.
    """

    width: LimnerLimits
    height: LimnerLimits
    size_multiple: int
    default_width: int
    default_height: int
    sizes: list[tuple[int, int]] | None
    max_ratio: float | None
    max_pixels: int | None
    max_count: int
    max_prompt: int
    formats: list[Format]
    negative_prompt: bool
    seeds: bool
    steps: LimnerLimits | None
    guidance: LimnerLimits | None
    inputs: dict[str, LimnerInputLimits]
    strength: LimnerLimits | None
    options: dict[str, Any]
    previews: bool
    charges: bool


class LimnerModel(BaseModel):
    """Something that can be asked to paint. `route`: the models that paint it, in order, where there are several.
    `problem` says why it cannot just now; null where it can.
    """

    name: str
    default: bool
    description: str
    examples: list[str]
    capabilities: LimnerCapabilities
    route: list[str]
    problem: LimnerProblem | None


class LimnerModelPage(BaseModel):
    """All models; there is no next page."""

    items: list[LimnerModel]
    next: str | None


class LimnerSignIn(BaseModel):
    """Either of the two."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"minProperties": 1, "maxProperties": 1, "examples": [{"link": "lmn_…"}]}
    )

    key: str = Field(default_factory=str, description="An API key.")
    link: str = Field(default_factory=str, description="What stands behind `#sign-in=` in a page's link.")


class LimnerSession(BaseModel):
    """Who is signed in, and until when; null: for as long as the key holds. `secure`: nobody on the way can read along."""

    user: str
    expires_at: datetime | None
    secure: bool


class LimnerUsage(BaseModel):
    """Counts. `calls` may have cost money; `cost` is what was expected of them, in the operator's currency."""

    pictures: int
    calls: int
    ambiguous_calls: int
    paid_bad_outputs: int
    cost: float


class LimnerDayOfUsage(LimnerUsage):
    """What was used of one engine on one day (UTC)."""

    owner: str
    engine: str
    day: date


class LimnerUsagePage(BaseModel):
    """From the first day to the last, days without any left out; there is no next page."""

    model_config = ConfigDict(populate_by_name=True)

    first: date = Field(alias="from")
    last: date = Field(alias="to")
    items: list[LimnerDayOfUsage]
    total: LimnerUsage
    next: str | None


class LimnerHealth(BaseModel):
    """The process is alive."""

    status: Literal["alive"]
    version: str


class LimnerReadiness(BaseModel):
    """All of it works: each check says ok."""

    status: Literal["ready"]
    checks: dict[str, str]
