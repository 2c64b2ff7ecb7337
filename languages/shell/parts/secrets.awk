# -- secrets ---------------------------------------------------------------------------------------------------------

# Return the value, or a marker if its key says that it is a secret and it may be one.
function secret_or(key, value, kind) {
    if (value ~ /^\{"boolValue"/ || value == "{}" || value == text_value("") || value ~ /^\{"stringValue":"<REDACTED/) return value
    kind = secret_kind(key)
    if (kind == "" || (value ~ /^\{"(int|double)Value"/ && kind != "password" && kind != "personal")) return value
    return text_value("<REDACTED:" kind ">")
}

# Return the kind of secret that a key names, by its words, as redaction/keys.py does.
function secret_kind(key, word, n, i, last, is_innocent) {
    if (key in is_bound_key || length(key) > 256) return ""
    n = words_of(key, word)
    if (n < 1 || n > 12) return ""
    while (n > 1 && (word[n] ~ /^[0-9][0-9]?[0-9]?[0-9]?$/ || word[n] in value_words)) n--
    last = word[n]
    if (last in about_words && !(last == "id" && n > 1 && word[n - 1] == "secret")) return ""
    for (i = 1; i <= n; i++)
        if (word[i] in secret_words && !(secret_words[word[i]] == "token" && last != word[i])) return secret_words[word[i]]
    for (i = 2; i <= n; i++) if ((word[i - 1] " " word[i]) in secret_pairs) return secret_pairs[word[i - 1] " " word[i]]
    if (last == "token") {
        for (i = 1; i < n; i++) if (word[i] in token_innocent) is_innocent = 1
        return is_innocent ? "" : "token"
    }
    for (i = 1; i <= endings; i++)
        if (substr(last, length(last) - length(ending[i]) + 1) == ending[i]) return ending_kind[i]
    return ""
}

# Split a key into its words: X-Api-Key, apiKey and API_KEY are all api, key.
function words_of(key, word, i, c, kind, before_, n) {
    n = 0
    for (i = 1; i <= length(key); i++) {
        c = substr(key, i, 1)
        kind = c ~ /[A-Z]/ ? "U" : c ~ /[a-z]/ ? "L" : c ~ /[0-9]/ ? "D" : ""
        if (kind == "") { before_ = ""; continue }
        if (before_ == "" || (kind != before_ && !(before_ == "U" && kind == "L")) \
            || (kind == "U" && substr(key, i + 1, 1) ~ /[a-z]/)) word[++n] = ""
        word[n] = word[n] tolower(c)
        before_ = kind
    }
    return n
}
