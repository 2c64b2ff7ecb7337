"""Tokens of more vendors, written down from the vendors' documents and not from the rules: a template for each form."""

from __future__ import annotations

import re
import string
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping

Make: TypeAlias = "Callable[[random.Random], str]"

_ALPHABETS = {
    "a": string.ascii_letters + string.digits,
    "u": string.ascii_letters + string.digits + "_-",
    "h": "0123456789abcdef",
    "l": string.ascii_lowercase + string.digits,
    "U": string.ascii_uppercase + string.digits,
    "d": string.digits,
    "B": string.ascii_uppercase + "234567",
    "b": string.ascii_lowercase + "234567",
}
_PART = re.compile(r"\{(?P<alphabet>[auhlUdBb])(?P<length>[0-9]+)\}")
_UUID = "{h8}-{h4}-{h4}-{h4}-{h12}"


def from_template(template: str) -> Make:
    """Return what makes *template* with each `{a20}` filled: twenty characters of the alphabet called `a`."""

    def fill(rnd: random.Random) -> str:
        return _PART.sub(
            lambda part: "".join(rnd.choices(_ALPHABETS[part["alphabet"]], k=int(part["length"]))), template
        )

    return fill


_TEMPLATES = {
    "gitlab (routable)": "glpat-{u27}.01.{l9}",
    "gitlab (job)": "glcbt-64_{a20}",
    "slack (app)": "xapp-1-A0{U9}-{d13}-{h64}",
    "slack (browser)": "xoxd-{a40}%2B{a30}%2F{a20}%3D%3D",
    "stripe (restricted)": "rk_test_51{a97}",
    "openai (project)": "sk-proj-{u74}T3BlbkFJ{u74}",
    "anthropic (admin)": "sk-ant-admin01-{u93}AA",
    "openrouter": "sk-or-v1-{h64}",
    "deepseek": "sk-{h32}",
    "groq": "gsk_{a52}",
    "replicate": "r8_{a37}",
    "xai": "xai-{a80}",
    "perplexity": "pplx-{a48}",
    "langsmith": "lsv2_pt_{h32}_{h10}",
    "langfuse": f"sk-lf-{_UUID}",
    "tavily": "tvly-dev-{a32}",
    "pinecone": "pcsk_{a6}_{a63}",
    "firecrawl": "fc-{h32}",
    "elevenlabs": "sk_{h48}",
    "e2b": "e2b_{h40}",
    "jina": "jina_{u60}",
    "voyage": "pa-{u42}7",
    "nvidia": "nvapi-{u64}",
    "cerebras": "csk-{l48}",
    "together": "tgp_v1_{u43}",
    "fireworks": "fw_{a24}",
    "modal": "as-{a20}xY",
    "google (refresh)": "1//0{u60}",
    "google (messaging)": "{u22}:APA91b{u134}",
    "azure (devops)": "{a76}AZDO{a4}",
    "npm (file)": "//registry.example.com/:_authToken=npm_{a36}",
    "cloudflare": "cfut_{a40}",
    "cloudflare (origin)": "v1.0-{h24}-{h146}",
    "vercel": "vcp_{a56}",
    "supabase": "sbp_{h40}",
    "neon": "napi_{l64}",
    "render": "rnd_{a28}",
    "fly": "FlyV1 fm2_{a400}",
    "pulumi": "pul-{h40}",
    "doppler": "dp.pt.{a43}",
    "terraform": "{a14}.atlasv1.{a67}",
    "rubygems": "rubygems_{h48}",
    "crates": "cio{a32}",
    "jfrog": "AKCp8{a68}",
    "circleci": "CCIPAT_{a22}_{h40}",
    "buildkite": "bkua_{h40}",
    "sonar": "squ_{h40}",
    "posthog": "phx_{a43}",
    "resend": "re_{a8}_{a24}",
    "mapbox": "sk.eyJ1Ijoi{a40}.{u22}",
    "asana": "1/{d16}:{h32}",
    "dropbox": "sl.u.{u140}",
    "shippo": "shippo_live_{h40}",
    "notion": "ntn_{d11}{a35}",
    "figma": "figd_{u40}",
    "airtable": "pat{a14}.{h64}",
    "sentry": "sntrys_{a90}_{a43}",
    "dynatrace": "dt0c01.{U24}.{U64}",
    "lob": "live_{h35}",
    "razorpay": "rzp_live_{a14}",
    "braintree": "access_token$production${l16}${h32}",
    "clickup": "pk_{d8}_{U32}",
    "woocommerce": "ck_{h40}",
    "ngrok": "2{a26}_{a21}",
    "apify": "apify_api_{a36}",
    "aiven": "AVNS_{u19}",
    "mongodb": "mdb_sa_sk_{u40}",
    "dbt": "dbtc_{a40}",
    "xata": "xau_{a40}",
    "discord (user)": "mfa.{u84}",
    "tencent": "AKID{a32}",
    "alibaba": "LTAI{a20}",
    "amazon (seller)": f"amzn.mws.{_UUID}",
    "mollie": "live_{a28}xY",
    "depot": "depot_org_{h64}",
    "inngest": "signkey-prod-{h64}",
}
VENDORS: Mapping[str, Make] = {kind: from_template(template) for kind, template in _TEMPLATES.items()}
