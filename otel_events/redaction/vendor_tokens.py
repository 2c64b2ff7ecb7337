"""Tokens that can be told by how their vendor begins them: data, one row a form."""

from __future__ import annotations

from otel_events.redaction.checks import is_words
from otel_events.redaction.rule import Rule, Trigger, pattern_rule

_START = r"(?<![A-Za-z0-9])"
_WORD = r"[A-Za-z0-9_\-]"
_PLAIN = r"[A-Za-z0-9]"
_HEX = r"[0-9a-f]"

# Kind, the literals of which one must be there (lower case), the pattern that follows a boundary.
_FORMS: tuple[tuple[str, str, str], ...] = (
    ("aws", "akia asia abia acca", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])"),
    ("aws", "absk fwogzxivyxdz iqojb3jpz2lu", r"(?:ABSK|FwoGZXIvYXdz|IQoJb3JpZ2lu)[A-Za-z0-9+/]{20,4096}"),
    ("google", "aiza", rf"AIza{_WORD}{{30,64}}"),
    ("google", "ya29.", r"ya29\.[A-Za-z0-9_\-]{16,2048}"),
    ("google", "gocspx-", rf"GOCSPX-{_WORD}{{20,64}}"),
    ("google", "1//0", rf"1//0{_WORD}{{30,256}}"),
    ("azure", "7q~ 8q~ 9q~", r"[A-Za-z0-9_~.\-]{3}[789]Q~[A-Za-z0-9_~.\-]{30,36}"),
    ("azure", "jqqj99", rf"{_PLAIN}{{20,80}}JQQJ99{_PLAIN}{{20,80}}"),
    (
        "azure",
        "+ast +aba acdb +acr azca azse azfu +aeh +asb +aeg aiot",
        r"[A-Za-z0-9+/]{33,76}(?:\+A(?:St|Ba|CR|Eh|Sb|EG)|ACDb|Az(?:Ca|Se|Fu)|AIoT)[A-Za-z0-9+/]{6,7}={0,2}(?![A-Za-z0-9])",
    ),
    ("github", "ghp_ gho_ ghu_ ghs_ ghr_", rf"gh[pousr]_{_PLAIN}{{20,255}}"),
    ("github", "github_pat_", r"github_pat_[A-Za-z0-9_]{20,255}"),
    (
        "gitlab",
        "glpat- gldt- glrt- glrtr- glptt- glcbt- glsoat- glffct- glimt- glagent- gloas- glft- glwt-",
        rf"gl(?:pat|dt|rtr?|ptt|cbt|soat|ffct|imt|agent|oas|ft|wt)-{_WORD}{{16,300}}",
    ),
    ("gitlab", "gr1348941", rf"GR1348941{_WORD}{{16,64}}"),
    ("bitbucket", "atbb atctt3xff atatt3xff atcft3xff", r"AT(?:BB|CTT3xFf|ATT3xFf|CFT3xFf)[A-Za-z0-9_\-=]{20,400}"),
    ("slack", "xox", r"xox[abceoprs]-(?:[0-9]-)?[A-Za-z0-9\-]{10,512}"),
    ("slack", "xapp- xwfp-", r"(?:xapp|xwfp)-[A-Za-z0-9\-]{20,512}"),
    ("stripe", "sk_live_ sk_test_ rk_live_ rk_test_ pk_live_", r"(?:[sr]k_(?:live|test)|pk_live)_[A-Za-z0-9]{10,256}"),
    ("stripe", "whsec_", r"whsec_[A-Za-z0-9+/]{20,128}"),
    ("anthropic", "sk-ant-", rf"sk-ant-{_WORD}{{20,256}}"),
    ("npm", "npm_", rf"npm_{_PLAIN}{{30,64}}"),
    ("pypi", "pypi-", rf"pypi-(?:AgE|AgEI){_WORD}{{16,1024}}"),
    ("huggingface", "hf_ api_org_", rf"(?:hf|api_org)_{_PLAIN}{{30,64}}"),
    ("rubygems", "rubygems_", rf"rubygems_{_HEX}{{40,64}}"),
    ("nuget", "oy2", r"oy2[a-z0-9]{43}(?![A-Za-z0-9])"),
    ("crates", "cio", rf"cio{_PLAIN}{{32}}(?![A-Za-z0-9])"),
    ("docker", "dckr_", rf"dckr_(?:pat|oat)_{_WORD}{{20,64}}"),
    ("sendgrid", "sg.", rf"SG\.{_WORD}{{16,32}}\.{_WORD}{{16,64}}"),
    ("twilio", "sk ac", rf"(?:SK|AC){_HEX}{{32}}(?![A-Za-z0-9])"),
    ("mailgun", "key-", rf"(?<![_\-])key-{_HEX}{{32}}(?![A-Za-z0-9])"),
    ("mailgun", "-", rf"{_HEX}{{32}}-{_HEX}{{8}}-{_HEX}{{8}}(?![A-Za-z0-9\-])"),
    ("mailchimp", "-us", rf"{_HEX}{{32}}-us[0-9]{{1,2}}(?![A-Za-z0-9])"),
    ("brevo", "xkeysib- xsmtpsib-", rf"x(?:keysib|smtpsib)-{_HEX}{{64}}-{_PLAIN}{{10,32}}"),
    ("telegram", ":", rf"[0-9]{{8,10}}:{_WORD}{{35}}(?![A-Za-z0-9_\-])"),
    ("discord", ".", rf"[MNO]{_WORD}{{22,28}}\.{_WORD}{{6,7}}\.{_WORD}{{27,64}}"),
    ("digitalocean", "dop_v1_ doo_v1_ dor_v1_", rf"do[por]_v1_{_HEX}{{40,80}}"),
    ("databricks", "dapi dose dkea", rf"(?:dapi|dose|dkea){_HEX}{{32}}(?:-[0-9])?(?![A-Za-z0-9])"),
    ("shopify", "shpat_ shpca_ shppa_ shpss_ shpua_", rf"shp(?:at|ca|pa|ss|ua)_[A-Fa-f0-9]{{28,64}}"),
    ("square", "sq0", rf"sq0[a-z]{{3}}-{_WORD}{{20,50}}"),
    ("square", "eaaa", rf"EAAA{_WORD}{{40,128}}"),
    ("facebook", "eaac eaab eaag", rf"EAA[BCG]{_PLAIN}{{60,400}}"),
    ("heroku", "hrku-", rf"HRKU-{_WORD}{{30,80}}"),
    ("atlassian", "atsc", rf"ATSC{_PLAIN}{{20,128}}"),
    ("linear", "lin_api_ lin_oauth_", rf"lin_(?:api|oauth)_{_PLAIN}{{30,80}}"),
    ("notion", "ntn_ secret_", rf"(?:ntn|secret)_{_PLAIN}{{40,64}}"),
    ("airtable", "pat", rf"pat{_PLAIN}{{14}}\.{_HEX}{{64}}"),
    ("figma", "figd_ figo", rf"fig(?:d_|o[hru]?_){_WORD}{{30,80}}"),
    ("grafana", "glc_ glsa_", r"(?:glc_[A-Za-z0-9+/]{20,400}|glsa_[A-Za-z0-9]{30,40}_[A-Fa-f0-9]{8})"),
    ("newrelic", "nrak- nrii- nrjs- nraa- nral- nrra-", rf"NR(?:AK|II|JS|AA|AL|RA)-{_WORD}{{16,64}}"),
    ("sentry", "sntrys_ sntryu_ sntrya_ sntryi_", r"sntry[suai]_[A-Za-z0-9+/=_]{40,600}"),
    ("dynatrace", "dt0", r"dt0[a-z][0-9]{2}\.[A-Z0-9]{24}\.[A-Z0-9]{64}"),
    ("vault", "hvs. hvb. hvr.", rf"hv[sbr]\.{_WORD}{{20,300}}"),
    ("terraform", ".atlasv1.", rf"{_PLAIN}{{14}}\.atlasv1\.{_WORD}{{40,100}}"),
    ("pulumi", "pul-", rf"pul-{_HEX}{{40}}"),
    ("doppler", "dp.", rf"dp\.(?:pt|st|ct|sa|scim|audit)\.(?:[a-z0-9_\-]{{1,40}}\.)?{_PLAIN}{{40,64}}"),
    ("planetscale", "pscale_", r"pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_=.\-]{30,64}"),
    ("supabase", "sbp_ sb_secret_", rf"(?:sbp_{_HEX}{{40}}|sb_secret_{_WORD}{{20,64}})"),
    ("netlify", "nfp_ nfc_ nfo_ nfu_ nfb_", rf"nf[pcoub]_{_PLAIN}{{30,64}}"),
    ("fly", "fo1_ fm1 fm2_", r"(?:fo1_[A-Za-z0-9_\-]{40,64}|fm(?:1[ar]|2)_[A-Za-z0-9+/]{60,2048})"),
    ("prefect", "pnu_ pnb_", rf"pn[ub]_{_PLAIN}{{30,64}}"),
    ("replicate", "r8_", rf"r8_{_PLAIN}{{30,64}}"),
    ("groq", "gsk_", rf"gsk_{_PLAIN}{{40,64}}"),
    ("xai", "xai-", rf"xai-{_PLAIN}{{60,100}}"),
    ("perplexity", "pplx-", rf"pplx-{_PLAIN}{{32,64}}"),
    ("langsmith", "lsv2_", rf"lsv2_(?:pt|sk)_{_HEX}{{32}}_{_HEX}{{8,12}}"),
    ("langfuse", "k-lf-", rf"[sp]k-lf-{_HEX}{{8}}(?:-{_HEX}{{4}}){{3}}-{_HEX}{{12}}"),
    ("wandb", "wandb_v1_", rf"wandb_v1_{_WORD}{{20,128}}"),
    ("logfire", "pylf_v", r"pylf_v[0-9]{1,2}_[A-Za-z0-9_]{20,128}"),
    ("postman", "pmak-", rf"PMAK-{_HEX}{{24}}-{_HEX}{{34}}"),
    ("tailscale", "tskey-", r"tskey-[a-z]{2,16}-[A-Za-z0-9\-]{16,128}"),
    ("1password", "ops_eyj", rf"ops_eyJ{_WORD}{{100,2048}}"),
    ("age", "age-secret-key-", r"AGE-SECRET-KEY-(?:PQ-)?1[A-Z0-9]{50,2048}"),
    ("contentful", "cfpat-", rf"CFPAT-{_WORD}{{40,64}}"),
    ("shippo", "shippo_", r"shippo_(?:live|test)_[a-fA-F0-9]{40}"),
    ("easypost", "ezak ezt", rf"EZ[AT]K{_PLAIN}{{54}}"),
    ("jfrog", "akcp", rf"AKCp{_PLAIN}{{60,128}}"),
    ("typeform", "tfp_", rf"tfp_{_WORD}{{40,80}}"),
    ("duffel", "duffel_", rf"duffel_(?:live|test)_{_WORD}{{40,64}}"),
    ("flutterwave", "flwseck", r"FLWSECK(?:_TEST)?-[A-Za-z0-9\-]{12,64}"),
    ("okta", "ssws", r"SSWS\s{1,3}[A-Za-z0-9_\-]{30,64}"),
    ("adafruit", "aio_", rf"aio_{_PLAIN}{{28}}(?![A-Za-z0-9])"),
    ("bearer", "aaaaaaaaaaaaaaaaaaaa", r"A{20,24}[A-Za-z0-9%]{60,120}"),
)


def _is_no_name(token: str) -> bool:
    return not is_words(token.removeprefix("sk-"))


VENDOR_RULES: tuple[Rule, ...] = (
    *(
        pattern_rule(
            kind,
            Trigger.RUN,
            tuple(needles.split()),
            _START + pattern,
            is_extended=True,
            brief=f"how a token of {kind} looks",
        )
        for kind, needles, pattern in _FORMS
    ),
    # Others than OpenAI begin theirs like this, and `sk-` may begin a name as well.
    pattern_rule(
        "openai",
        Trigger.RUN,
        ("sk-",),
        rf"{_START}sk-(?:proj-|svcacct-|admin-|None-|or-v1-)?{_WORD}{{16,512}}",
        check=_is_no_name,
        is_extended=True,
        brief="how a key of OpenAI, and of those who copied its form, looks",
    ),
)
