"""The words that make a key sensitive, and those that take that back: data for `keys`."""

# ruff: noqa: SIM905 - words in a row are easier to read and to add to

from __future__ import annotations

# A key with one of these words is sensitive, wherever the word stands, and says of what kind its value is.
SECRET_WORDS: dict[str, str] = {
    **dict.fromkeys(
        ("password", "passwords", "passwd", "passwort", "kennwort", "contrasena", "contraseña"), "password"
    ),
    **dict.fromkeys(("senha", "wachtwoord", "motdepasse", "mdp", "pwd", "passcode", "passphrase", "pswd"), "password"),
    **dict.fromkeys(
        (
            "pgpassword",
            "pgpass",
            "userpass",
            "dbpass",
            "sshpass",
            "storepass",
            "srcstorepass",
            "deststorepass",
            "keypass",
            "psk",
            "bindpw",
            "rootpw",
            "userpw",
            "dbpw",
        ),
        "password",
    ),
    **dict.fromkeys(("secret", "secrets", "clientsecret", "mnemonic", "seedphrase"), "secret"),
    **dict.fromkeys(("credential", "credentials", "creds"), "credentials"),
    **dict.fromkeys(("apikey", "apikeys", "accesskey", "secretkey", "privatekey", "authkey", "accountkey"), "key"),
    **dict.fromkeys(("authorization", "authorisation"), "authorization"),
    **dict.fromkeys(("cookie", "cookies", "phpsessid", "jsessionid", "sessid", "aspsessionid"), "cookie"),
    **dict.fromkeys(("jwt", "bearer", "csrf", "xsrf", "csrftoken", "csrfmiddlewaretoken"), "token"),
    **dict.fromkeys(("cvv", "cvv2", "cvc", "cvc2", "creditcard", "ssn", "iban"), "personal"),
}

# Written in one word, as in `dbpassword` or `refreshtoken`.
SECRET_ENDINGS: tuple[tuple[str, str], ...] = (
    ("password", "password"),
    ("passwd", "password"),
    ("passphrase", "password"),
    ("secret", "secret"),
    ("credentials", "credentials"),
    ("apikey", "key"),
    ("accesskey", "key"),
    ("secretkey", "key"),
    ("privatekey", "key"),
    ("sharedkey", "key"),
    ("accountkey", "key"),
    ("signingkey", "key"),
    ("encryptionkey", "key"),
    ("token", "token"),
)

# Two words that are sensitive only together, in this order.
SECRET_PAIRS: dict[tuple[str, str], str] = {
    **{
        (word, "key"): "key"
        for word in (
            "api access secret private account shared signing signature encryption encrypt decryption master ssh auth"
            " service deploy subscription session webhook app application client admin storage symmetric hmac"
            " license licence write ingest ingestion integration rsa dsa ecdsa pgp gpg wrapping recovery"
            " vault server bot consumer crypto cipher aes jwt management tls ssl activation product"
        ).split()
    },
    **{
        (word, "pass"): "password"
        for word in (
            "db user smtp mail email admin root mysql pg postgres redis ftp ldap my proxy wifi rabbitmq mongo mongodb"
            " sql login account http basic auth service svc database imap ssh sudo key keystore truststore cert pfx"
        ).split()
    },
    **{(word, "pw"): "password" for word in ("db", "user", "admin", "root", "my", "smtp", "login", "account", "mysql")},
    **{(word, "auth"): "authorization" for word in ("basic", "proxy", "http", "x", "registry")},
    **{(word, "code"): "secret" for word in ("pin", "otp", "security", "mfa", "2fa", "totp", "verification")},
    **{(word, "seed"): "secret" for word in ("totp", "otp", "mfa", "wallet")},
    **{(word, "pin"): "password" for word in ("card", "user", "sim", "account", "atm", "login")},
    **{(word, "card"): "personal" for word in ("credit", "debit")},
    ("de", "passe"): "password",
    ("pass", "phrase"): "password",
    ("card", "number"): "personal",
    ("pin", "number"): "personal",
    ("recovery", "codes"): "secret",
    ("recovery", "phrase"): "secret",
    ("seed", "phrase"): "secret",
    ("backup", "codes"): "secret",
    ("social", "security"): "personal",
    ("session", "cookie"): "cookie",
    ("gitlab", "session"): "cookie",
    ("connect", "sid"): "cookie",
    **{(word, "pat"): "token" for word in ("github", "gitlab", "azure", "devops", "ext", "airtable", "databricks")},
}

# `token` is sensitive as the last word, unless one of these makes it a word of language models, parsers or pagers.
TOKEN_INNOCENT_BEFORE = frozenset(
    "next page continuation sync pagination cursor stop eos bos pad unk mask sep cls special first last per prev"
    " previous start end max min new unexpected invalid input output prompt completion current best top nft".split()
)

# As last word of a key these say that the value tells about the secret, and is not the secret.
ABOUT_WORDS = frozenset(
    "count counts len length size type types name names used usage limit limits budget index total totals rate expiry"
    " expires expiration expire expired ttl age at in on seconds ms version strength policy policies required valid"
    " invalid present set enabled disabled reset changed change field fields hint status state rotated rotation source"
    " provider path paths file files filename dir folder url uri endpoint error errors missing updated created deleted"
    " attempts tries score scheme algorithm algo format rule rules manager store arn kind class classes label"
    " description desc mode method strategy prompt title page form input placeholder env var variable ref reference"
    " references column table exists ok check checks checked validation validator policyid days hours minutes date time"
    " timestamp fingerprint thumbprint id ids uid prefix suffix position offset scope scopes audience issuer"
    " permissions role roles consent notice banner banners jar law domain key_id location lifetime duration window"
    " bucket buckets group groups handler handling loader provided detected found entropy scanner scanning"
    " leak leaked redacted masked reuse complexity min max average avg mean per cost price probability prob logprob"
    " shape dim dims embedding embeddings ratio percent overlap less free based protected santa managers service services rotation country brand"
    " issuer last".split()
)

# Beside one of these words, a value that looks random is taken for a secret; any other value stays.
HINT_WORDS = frozenset(
    "key keys auth oauth access sig signature salt nonce webhook dsn pin pass pw cert certificate otp license licence"
    " connection conn sas hmac assertion code verifier sid encryption private".split()
)

# With one of these words a hint is none: such keys name things, and their values are ids or digests by nature.
HINT_INNOCENT = frozenset(
    "cache primary foreign sort partition public object row idempotency dedupe routing lookup group map dict hash"
    " unique natural composite index translation i18n config shortcut keyboard event registry correlation trace span"
    " request run job commit sha md5 sha1 sha256 digest checksum etag version file path name id ids url uri type"
    " storage bucket partitions message channel hot error exit status return source postal zip country language"
    " currency model task product sku fingerprint hint usage key_count memory line number".split()
)
