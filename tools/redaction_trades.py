"""What agents, training runs, CI, cloud SDKs, databases, browsers, mail and payments log: secrets, and what is none.

Written down as these programs print it, and only then run against the rules.
"""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

from tools.redaction_near_misses import fill

if TYPE_CHECKING:
    from collections.abc import Iterator

_CORE = re.compile(r"«(.*?)»", re.DOTALL)

# What must not be left stands in «»; `<a20>` is twenty random letters and digits, as in the near misses.
_SECRETS = (
    # agents and tools
    "MCP server started: npx -y @acme/mcp --api-key «<a32>» --transport stdio",
    '{"mcpServers": {"search": {"command": "npx", "env": {"SEARCH_API_KEY": "«<a32>»"}}}}',
    "tool_call http_get headers={'x-api-key': '«<a40>»', 'accept': 'application/json'}",
    'tool result: {"status": 200, "access_token": "«<a48>»", "expires_in": 3600}',
    "OPENAI_API_KEY=«sk-proj-<u48>» python agent.py",
    "export ANTHROPIC_API_KEY='«sk-ant-api03-<u90>AA»'",
    "litellm.completion(model='m', api_key='«<a36>»', messages=[...])",
    "ChatOpenAI(openai_api_key='«<a36>»', temperature=0)",
    "fill('#password', '«Gr33n-<w>-<d3>»')",
    'browser.type {"selector": "input[name=password]", "password": "«Sp4rk!<l6>»"}',
    "The user told me their API key is «<a32>» and asked me to store it",
    "Observation: cat .env -> SECRET_KEY=«<a50>»\\nDEBUG=true",
    "ssh -o StrictHostKeyChecking=no; sshpass -p '«<a14>»' ssh root@10.0.0.7",
    "git clone https://x-access-token:«<a36>»@git.example.com/acme/app.git",
    "git remote set-url origin https://«ghp_<a36>»@github.com/acme/app",
    # training runs
    "wandb: login key «<h40>»",
    "WANDB_API_KEY=«<h40>» torchrun --nproc-per-node 8 train.py",
    "huggingface_hub.login(token='«hf_<a34>»')",
    "HfApi(token='«hf_<a34>»').upload_folder(...)",
    "NEPTUNE_API_TOKEN=«eyJhcGlfYWRkcmVzcyI6Imh0dHBzOi8vYXBw<a60>»",
    "COMET_API_KEY: «<a25>»",
    "mlflow.set_tracking_uri('https://ml:«<a20>»@mlflow.example.com')",
    'clearml.conf: api.credentials { access_key = "<U20>" secret_key = "«<a40>»" }',
    'kaggle.json: {"username":"bob","key":"«<h32>»"}',
    "s3fs.S3FileSystem(key='AKIA<U16>', secret='«<a40>»')",
    "ray start --address=h:6379 --redis-password='«<a16>»'",
    "jupyter: http://127.0.0.1:8888/lab?token=«<h48>»",
    "jupyter notebook --NotebookApp.token='«<h32>»'",
    "rsync://backup:«<a16>»@store.example.com/checkpoints",
    # CI scripts
    "docker login -u ci --password «<a24>» registry.example.com",
    "docker login --username ci --password-stdin # DOCKER_PASSWORD=«<a32>»",
    "twine upload -u __token__ -p «pypi-AgEIcHlwaS5vcmc<u100>» dist/*",
    "curl -H 'PRIVATE-TOKEN: «glpat-<u20>»' https://git.example.com/api/v4/projects",
    'curl -H "Authorization: token «<h40>»" https://api.example.com/user',
    "curl -X POST -H 'X-Vault-Token: «hvs.<u90>»' https://vault.example.com/v1/sys",
    "curl --user ci:«<a20>» https://nexus.example.com/repository",
    "+ SONAR_TOKEN=«sqp_<h40>»",
    "//registry.example.com/:_authToken=«<a36>»",
    "NPM_TOKEN=«npm_<a36>» npm publish",
    "Run with secret=«<a32>»",
    "gpg --batch --passphrase «<a18>» --import key.asc",
    "openssl pkcs12 -export -passout pass:«<a16>» -out c.p12",
    "keytool -importkeystore -srcstorepass «<a12>» -deststorepass «<a12>»",
    "ansible_become_password: «<a14>»",
    "ansible_ssh_pass=«<a14>» ansible_user=ops",
    "terraform apply -var db_password=«<a20>»",
    "TF_VAR_admin_password=«<a20>»",
    "kubectl create secret generic db --from-literal=password=«<a20>»",
    "helm upgrade app . --set postgresql.postgresqlPassword=«<a16>»",
    "az login --service-principal -u http://ci --password «<a34>» --tenant <s>",
    "gradle publish -PsigningPassword=«<a14>»",
    "mvn deploy -Dgpg.passphrase=«<a18>»",
    "CODECOV_TOKEN=«<s>»",
    "heroku config: HEROKU_API_KEY=«<s>»",
    "SLACK_BOT_TOKEN=«xoxb-<d12>-<d12>-<a24>»",
    "https://hooks.slack.com/services/T<U9>/B<U9>/«<a24>»",
    "https://discord.com/api/webhooks/<d18>/«<u68>»",
    "https://api.telegram.org/bot<d9>:«AA<u33>»/sendMessage",
    "snowsql -a acct -u bob with SNOWSQL_PWD=«<a16>»",
    # cloud SDKs
    "boto3.client('s3', aws_access_key_id='AKIA<U16>', aws_secret_access_key='«<a40>»')",
    "aws_session_token = «IQoJb3JpZ2luX2VjE<a200>»",
    "<SecretAccessKey>«<a40>»</SecretAccessKey>",
    '"SecretAccessKey": "«<a40>»", "SessionToken": "«FwoGZXIvYXdzE<a180>»"',
    "https://b.s3.amazonaws.com/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Security-Token=«IQoJ<a120>»",
    "AccountName=acme;AccountKey=«<a86>==»;EndpointSuffix=core.windows.net",
    "https://acme.blob.core.windows.net/c?sv=2023-01-03&se=2026-12-01&sig=«<a43>%3D»",
    "ClientSecretCredential(tenant_id='<s>', client_id='<s>', client_secret='«<a3>8Q~<a34>»')",
    "AZURE_CLIENT_SECRET=«<a3>8Q~<a34>»",
    '{"type": "service_account", "private_key_id": "<h40>", "private_key": "-----BEGIN PRIVATE KEY-----\\n«<a64>»\\n<a64>\\n-----END PRIVATE KEY-----\\n"}',
    "https://maps.example.com/maps/api/js?key=«AIza<u35>»",
    "ya29 token: «ya29.<u120>»",
    "GOCSPX: client_secret=«GOCSPX-<u28>»",
    "oci: pass_phrase=«<a12>»",
    "cloudinary://<d15>:«<a27>»@acme",
    "Endpoint=sb://a.servicebus.windows.net/;SharedAccessKeyName=R;SharedAccessKey=«<a43>=»",
    "DIGITALOCEAN_ACCESS_TOKEN=«dop_v1_<h64>»",
    "CLOUDFLARE_API_TOKEN=«<u40>»",
    "x-goog-api-key: «AIza<u35>»",
    "Ocp-Apim-Subscription-Key: «<h32>»",
    "X-Functions-Key: «<u54>==»",
    # databases
    "could not connect to postgresql://app:«<a16>»@db.example.com:5432/prod",
    "dsn='dbname=x user=app password=«<a16>» host=db'",
    "OperationalError: (pymysql.err.OperationalError) (1045, ...) url=mysql://root:«<a14>»@db/x",
    "mongodb://admin:«<a16>»@m0,m1,m2/admin?replicaSet=rs0",
    "redis-cli -u redis://default:«<a20>»@cache:6379 ping",
    "AUTH «<a24>» sent to redis",
    "ALTER USER app WITH PASSWORD '«<a16>»';",
    "CREATE USER 'app'@'%' IDENTIFIED WITH mysql_native_password BY '«<a16>»';",
    "SET PASSWORD FOR 'bob'@'%' = '«<a16>»';",
    "CREATE SECRET s (TYPE s3, KEY_ID 'AKIA<U16>', SECRET '«<a40>»');",
    "COPY t FROM 's3://b/k' CREDENTIALS 'aws_access_key_id=AKIA<U16>;aws_secret_access_key=«<a40>»'",
    "jdbc:sqlserver://h:1433;databaseName=d;user=sa;password=«<a14>»;encrypt=true",
    "jdbc:oracle:thin:scott/«<a12>»@//h:1521/orcl",
    "sqlplus scott/«<a12>»@orcl",
    "clickhouse-client --user u --password «<a16>» -q 'select 1'",
    "mysql --host=h -u root --password='«<a14>»'",
    "PGPASSWORD='«<a16>»' pg_dump prod",
    "Server=db;Database=d;User Id=sa;Password=«<a14>»;TrustServerCertificate=true",
    "neo4j+s://neo4j:«<a43>»@x.databases.example.com",
    'sasl.jaas.config=... required username="u" password="«<a24>»";',
    "sasl_plain_password='«<a24>»'",
    "influx --token «<u86>==»",
    "ELASTIC_PASSWORD=«<a20>»",
    "MINIO_ROOT_PASSWORD=«<a20>»",
    "POSTGRES_PASSWORD: «<a20>»",
    # browsers and web servers
    "Cookie: sessionid=«<l32>»; csrftoken=«<a32>»",
    "Set-Cookie: connect.sid=«s%3A<u32>.<u43>»; Path=/; HttpOnly",
    "set-cookie: PHPSESSID=«<l26>»; path=/",
    "document.cookie = 'auth=«<a40>»'",
    "localStorage.setItem('access_token', '«<a40>»')",
    "GET /reset-password?token=«<a40>» HTTP/1.1",
    "GET /callback?code=4/0A&state=x&access_token=«<a60>» 302",
    "https://app.example.com/#access_token=«<a60>»&token_type=Bearer",
    "POST /login username=bob&password=«<w>%21<d4>»",
    '{"grant_type":"password","username":"bob","password":"«<w>-<d4>»"}',
    "grant_type=refresh_token&refresh_token=«<u64>»",
    "client_id=<a20>&client_secret=«<a40>»&grant_type=client_credentials",
    '<input type="hidden" name="csrf_token" value="«<a40>»">',
    '<meta name="csrf-token" content="«<a43>=»">',
    '<input type="password" name="password" value="«<w>!<d4>»">',
    "Authorization: Basic «YWRtaW46<a16>»",
    "authorization: Bearer «eyJhbGciOiJIUzI1NiJ9.eyJ<u40>.<u43>»",
    "X-CSRFToken: «<a64>»",
    "Sec-WebSocket-Protocol: bearer, «eyJhbGciOiJIUzI1NiJ9.eyJ<u40>.<u43>»",
    "Proxy-Authorization: Basic «dXNlcjpw<a12>»",
    "wss://stream.example.com/ws?apikey=«<a32>»",
    "magic link: https://app.example.com/login?magic_token=«<u43>»",
    "remember_token=«<a60>»",
    # mail and messages
    "smtp.login('bot@example.com', password='«<a16>»')",
    "smtps://bot%40example.com:«<a16>»@smtp.example.com:465",
    "SENDGRID_API_KEY=«SG.<u22>.<u43>»",
    "EMAIL_HOST_PASSWORD = '«<l4> <l4> <l4> <l4>»'",
    "mailgun: api:«key-<h32>»",
    "TWILIO_AUTH_TOKEN=«<h32>»",
    "imap.login('bob', password='«<a16>»')",
    "Your temporary password is: «Tmp-<a8>4»",
    "Your new password: «<a9>7»",
    "Password for user bob: «<a11>9»",
    "Your recovery codes: «<l5>-<l4>7»",
    "VAPID_PRIVATE_KEY=«<u43>»",
    "DKIM private key: -----BEGIN RSA PRIVATE KEY-----\n«<a64>»\n-----END RSA PRIVATE KEY-----",
    # payments
    "stripe.api_key = '«sk_live_<a24>»'",
    "STRIPE_WEBHOOK_SECRET=«whsec_<a32>»",
    "client_secret: «pi_3<a23>_secret_<a25>»",
    "card=«4242424242424242» exp=12/28",
    "PAN «4000 0566 5566 5556» declined",
    "card number «5555-5555-5555-4444» cvc 737",
    "cvv=«123»",
    "'cvc': '«4821»'",
    "pan: «4111.1111.1111.1111»",
    "refund to IBAN «DE89 3704 0044 0532 0130 00»",
    "paypal: client_id=<u80> client_secret=«E<u79>»",
    "braintree private_key=«<h32>»",
    "adyen: X-API-Key: «AQE<a60>-<a40>=-<a16>»",
    "square: «EAAA<u60>»",
    "razorpay key_secret=«<a24>»",
    "xpub derive: mnemonic=«legal winner thank year wave sausage worth useful legal winner thank yellow»",
    # command lines of the brief's kind
    "deploy --user bob --pass «<a12>» --host h",
    "unzip --pass='«<a12>»' x.zip",
    "amqps://svc:«p/<a6>#<a4>@<a3>»@mq.example.com:5671/v",
    "postgres://app:«pa#<a6>@<a3>»@db/prod",
    "http://bob:«s/<a6>@<a3>»@h:8080/x",
    "redis://u:«p@<a6>/<a4>»@cache:6379/0",
)  # fmt: skip

_ORDINARY = (
    # agents and tools
    "Thought: I should check whether the token is still valid before calling the tool",
    "Action: read_file path=src/auth/token_store.py", "tool_use id=toolu_01<a22> name=get_secret_names",
    "model=claude-3-5-sonnet stop_reason=max_tokens usage={'input_tokens': 812, 'output_tokens': 96}",
    "cache_creation_input_tokens=0 cache_read_input_tokens=<i>", "context window: 128k tokens, used 71%",
    "The password field is empty; asking the user", "selector: input[type=password]", "click('#forgot-password')",
    "agent thesis picked key point 3 of 7", "step 4: search for 'reset password email template'",
    "LLM said: your API key page is under Settings > Keys", "token budget left: <i>", "prompt_cache_key: <w>-<i>",
    "mcp: connected to server secrets-scanner (3 tools)", "handoff from planner to <w>-writer, key facts: 5",
    "stop_sequences=['</token>']", "max_completion_tokens: 512", "reasoning_tokens=<i>", "tokens/s: 93.1",
    "tool_choice: auto; parallel: true", "response id resp_<h48> finished", "session <s> resumed by planner",
    "memory key user.preferences.theme -> dark", "rag: 12 passages, top score 0.83, key <w>", "function password_strength(text) called",
    "Plan: 1. log in 2. open tokens page 3. take screenshot", "pass 2 of 3 over the draft", "author key: smith2024deep",
    "cite key: vaswani2017attention", "bibkey=devlin2019bert", "DOI 10.1145/3292500.3330701", "arXiv:2305.<d5>v2",
    # training runs
    "epoch 3/10 loss=0.4821 acc=0.913 lr=3e-4", "tokens seen: 1.2B", "special tokens added: <bos> <eos>", "pad_token_id=50256",
    "Setting `pad_token_id` to `eos_token_id`:2 for open-end generation.", "vocab_size=32000 unk_token=<unk>",
    "loading weights from model-00001-of-00004.safetensors", "All keys matched successfully", 'Missing key(s) in state_dict: "fc.bias"',
    "unexpected key 'module.encoder.layer.0.attention.self.query.weight'", "key_padding_mask shape (8, 512)", "num_key_value_heads=8",
    "q_proj k_proj v_proj o_proj", "attention: query key value", "wandb: Run data is saved locally in wandb/run-20260214_190123-<l8>",
    "wandb: Syncing run <w>-<w>-<i>", "View run at https://wandb.ai/acme/proj/runs/<l8>", "mlflow run <h32> finished", "ckpt step=<i> sha=<h8>",
    "checkpoint-<i>/optimizer.pt saved", "seed=42 deterministic=True", "NCCL_ASYNC_ERROR_HANDLING=1", "CUDA_VISIBLE_DEVICES=0,1",
    "GPU-<s>", "reward mean 3.21 std 0.4", "trial <i> pruned", "best params: {'lr': 0.001, 'dropout': 0.1}", "tokenized 10000 examples in 3.1 s",
    "max_token_len: 77", "token_type_ids", "pass_at_k: 0.71", "perplexity 12.4", "gradient norm 1.03", "SLURM_JOB_ID=<d7>", "master_port=29500",
    "rdzv_id=<d5> rdzv_endpoint=h:29400", "dataset fingerprint <h16>", "hash of config: <h10>", "torch.Size([8, 512, 768])",
    # CI
    "##[group]Run actions/checkout@v4", "token: ***", "password: ***", "NPM_TOKEN: ***", "  GITHUB_TOKEN: ***", "with: token: ***",
    "Post job cleanup: removing auth", "[command]/usr/bin/git config --local --unset-all http.https://github.com/.extraheader",
    "Cache restored from key: Linux-pip-<h64>", "Cache hit for: node-cache-Linux-x64-npm-<h64>", "restore-keys: Linux-pip-",
    "gpg: key <H16>: public key imported", "gpg: Signature made Sat 14 Feb 2026", "Checking out <h40>", "HEAD is now at <h7> Fix token refresh",
    "Merge pull request #<i> from acme/rotate-secrets", "npm WARN deprecated token-types@2.1.1", "added 312 packages, and audited 313 packages in 9s",
    "Collecting PyJWT==2.8.0", "Successfully installed cryptography-42.0.5 python-jose-3.3.0", "sha512-<a86>==",
    "  Using cached keyring-24.3.0-py3-none-any.whl", "layer sha256:<h64>: Pull complete", "digest: sha256:<h64> size: 1573",
    "PASS src/auth/token.test.ts (5.2 s)", "ok  \tgithub.com/acme/auth/token\t0.012s", "FAIL: TestPassword/rejects_short (0.00s)",
    "coverage: 87.2% of statements in ./secrets", "Secret scanning: 0 findings", "trivy: no secrets detected", "gitleaks: 12 commits scanned, no leaks found",
    "Terraform: aws_secretsmanager_secret.db: Refreshing state... [id=arn:aws:secretsmanager:eu-west-1:<d12>:secret:db-<a6>]",
    "random_password.db: Creation complete after 0s [id=none]", "kubernetes_secret.app: Still creating... [10s elapsed]",
    "password = (sensitive value)", "secret/db-credentials configured", 'secret "regcred" created', "helm release app-<i> deployed",
    "kubectl get secret -n prod", "NAME TYPE DATA AGE", "default-token-<l5>   kubernetes.io/service-account-token   3      4d",
    "docker login succeeded", "WARNING! Using --password via the CLI is insecure. Use --password-stdin.", "Login Succeeded",
    "usage: deploy [--user USER] [--password PASSWORD] [--token TOKEN]", "--api-key KEY  the key of the API", "  --pass-through  leave arguments alone",
    "--password-file /run/secrets/db", "--token-file=/var/run/token", "--pass 2 of 3", "--pass-rate 0.9", "run with --pass to skip",
    "sonar.login is deprecated, use sonar.token", "ssh-add: Identity added: /home/ci/.ssh/id_ed25519", "known_hosts: SHA256:<a43>",
    "Host key verification failed.", 'Load key "/home/ci/.ssh/id_rsa": invalid format', "Enter passphrase for key '/home/ci/.ssh/id_rsa': ",
    "bob's password: ", "Password: ", "[sudo] password for bob: ", "Password for user app: ", "Password for 'https://bob@git.example.com': ",
    # cloud SDKs
    "Found credentials in shared credentials file: ~/.aws/credentials", "Found credentials from IAM Role: app-role",
    "An error occurred (AccessDenied) when calling the GetSecretValue operation", "assumed-role/app/i-0<h17>", "x-amz-request-id: <U16>",
    "x-amz-id-2: <a76>", "NextToken: <a40>", "ContinuationToken=<a30>", 'ETag: "<h32>"', "KeyId: <s>", "AliasName: alias/<w>",
    "arn:aws:iam::<d12>:role/token-exchange", "arn:aws:sts::<d12>:assumed-role/ci/session-<i>", "s3://b/secrets/README.md", "Key: reports/2026/02/<w>.csv",
    "list_objects Prefix=keys/ MaxKeys=1000", "DefaultAzureCredential failed to retrieve a token from the included credentials.",
    "EnvironmentCredential: EnvironmentCredential authentication unavailable.", "ManagedIdentityCredential.get_token succeeded",
    "tenant <s> subscription <s>", "x-ms-request-id: <s>", "https://vault.example.com/secrets/db-password/versions",
    "google.auth.exceptions.RefreshError: invalid_grant: Token has been expired or revoked.", "projects/acme/secrets/db/versions/latest",
    "Using service account ci@acme.iam.example.com", "key_ring=main crypto_key=disk", "kms: key version 3 enabled", "GET /v1/secret/data/db 200",
    "lease_id database/creds/app/<a24>", "lease_duration 3600 renewable true", "instance i-0<h17> started", "ami-0<h16>", "subnet-0<h16> sg-0<h16>",
    "projects/12/locations/eu/keyRings/r/cryptoKeys/k", "RequestId: <s> Duration: 12.3 ms Billed Duration: 13 ms", "cold start 812 ms", "queue depth <i>",
    # databases
    "connecting to postgresql://db.example.com:5432/prod as app", "postgresql://app@db/prod", "postgresql://app:***@db/prod",
    "redis://cache:6379/0", "amqp://mq:5672/%2f", 'duplicate key value violates unique constraint "users_email_key"',
    "Key (email)=(bob@example.com) already exists.", 'Key (id)=(<i>) is still referenced from table "tokens".', "ERROR 1062 (23000): Duplicate entry '7' for key 'PRIMARY'",
    "Access denied for user 'app'@'10.0.0.3' (using password: YES)", "(using password: NO)", 'FATAL: password authentication failed for user "app"',
    "no pg_hba.conf entry for host, SSL off", "WRONGPASS invalid username-password pair or user is disabled.", "NOAUTH Authentication required.",
    "GET session:<h32>", "SETEX token:<i> 3600", "HGETALL user:<i>:keys", "KEYS *", "MGET k1 k2", "EXPIRE cache:<w> 60", "DEL lock:<w>:<i>",
    "SELECT count(*) FROM password_resets WHERE used_at IS NULL", "ALTER TABLE tokens ADD COLUMN revoked_at timestamptz", "DROP INDEX ix_keys_secret_hash",
    "ALTER USER app VALID UNTIL 'infinity'", "PRIMARY KEY (id), FOREIGN KEY (token_id) REFERENCES tokens (id)", "PARTITION BY KEY (user_id)",
    "INSERT INTO users VALUES (?, ?, ?)", "PRAGMA key_count", "ORDER BY key, value", "distkey(user_id) sortkey(created_at)", "shard key: user_id",
    "replica set rs0: member 2 is PRIMARY", "WiredTiger checkpoint 1:<d6>", "offset <i> partition 3 key=<w>-<i>", "consumer group <w> rebalanced, generation <i>",
    "ClusterIssuer key algorithm ECDSA 256", "xid <d9> lsn 0/<h8>", "vacuum: removed <i> row versions", "explain: Hash Cond: (t.key = k.key)",
    # browsers and web servers
    '10.0.0.7 - - [14/Feb/2026:19:01:23 +0000] "GET /api/tokens HTTP/1.1" 200 512', "POST /oauth/token 401", "GET /password/reset 200 12ms",
    "Invalid CSRF token", "CSRF verification failed. Request aborted.", "Cookies must be enabled", "SameSite=None; Secure", "cookie consent: accepted",
    "navigating to https://example.com/login?next=%2Faccount%2Fpassword", "waiting for selector 'input[name=\"password\"]'", 'element <input type="password" name="pw"> is not visible',
    '<input type="password" name="password" placeholder="Password">', '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="keywords" content="tokens, keys, passwords">', '<meta name="description" content="How to store a secret">', '<meta name="csrf-param" content="authenticity_token">',
    '<meta name="author" content="<w> <w>">', '<meta property="og:title" content="Reset your password">', '<label for="password">Password</label>',
    '<a href="/tokens?page=2">Next</a>', "<token>", "<key>", "<th>Password</th><td>changed</td>", "data-testid=password-input", "aria-label='Show password'",
    "autocomplete=current-password", "keydown key=Enter", "KeyboardEvent key: 'a' code: 'KeyA'", 'sec-ch-ua: "Chromium";v="122"', 'If-None-Match: W/"<a22>"',
    "Content-Security-Policy: script-src 'nonce-<a22>'", "X-Request-Id: <s>", "CF-RAY: <h16>-FRA", "Via: 1.1 <h32>.cloudfront.net (CloudFront)", "Age: 312",
    'WWW-Authenticate: Bearer realm="api", error="invalid_token"', 'WWW-Authenticate: Basic realm="Restricted"', "Access-Control-Allow-Headers: Authorization, X-Api-Key",
    "Vary: Authorization, Cookie", "chunk-<h8>.js 200", "https://fonts.example.com/s/inter/v13/<u44>.woff2", "blob:https://app.example.com/<s>", "room key: lobby-3",
    # mail and messages
    "Message-ID: <<h32>@mail.example.com>", "DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=sel; bh=<a43>=; b=<a86>", "Subject: Reset your password",
    "Subject: Your verification code", "550 5.7.1 authentication failed", "235 2.7.0 Authentication successful", "AUTH LOGIN", "250-AUTH PLAIN LOGIN", "SPF pass, DKIM pass, DMARC pass",
    "spf=pass (sender IP is 10.0.0.7)", "In your account, open Passwords and tokens", "Your password was changed on 14 February", "Your password will expire in 7 days",
    "Recovery codes: 8 left", "Your recovery codes are shown once; print them", "recovery code used at 12:01", "backup codes: generated", "Password for user bob: changed", "Password for user bob was reset",
    "Password for bob: expired", "Use the recovery code from your e-mail", "queued as <U10>", "<h32>.mail delivered", "unsubscribe token accepted", "SMS to +49 170 <d7> sent, SID SM<h32>",
    # payments
    "charge ch_3<a23> succeeded", "pi_3<a23> requires_action", "pm_1<a23> attached to cus_<a14>", "card ending in 4242", "card: visa **** 4242", "4242 declined",
    "cvc_check: pass", "cvv: missing", "cvv=invalid", "cvc: unchecked", "address_zip_check=fail", "exp 12/28", "amount=1999 currency=eur", "invoice INV-2026-<d5> paid", "iban: valid", "BIC COBADEFFXXX",
    "order no. 100-<d7>-<d7>", "tracking JD<d18>", "EAN 4006381333931", "ISBN 978-3-16-148410-0", "IMEI check ok", "ref 2026.02.14.1901", "version 4111.1111.1111.1112", "build 10.0.22631.3155",
    "3DS: authenticated, eci 05", "payout po_1<a23> arrives 2026-02-16", "webhook evt_1<a23> signature verified", "Stripe API version 2024-06-20", "idempotency key <s> reused", "dispute du_1<a23> lost",
    # addresses with signs of a URL's credentials
    "https://example.com/@scope/pkg@1.2.3#readme", "https://example.com:8443/a/b#c@d", "http://h:80/x?mail=bob@example.com", "https://a.example.com:443/u/bob@example.com",
    "git+https://git.example.com/acme/lib.git@v1.2.3#egg=lib", "npm:@acme/ui@4.1.0", "https://unpkg.example.com/react@18.2.0/umd/react.js", "http://10.0.0.1:9200/_cat, contact ops@example.com",
    "see http://host:8080/path and mail bob@example.com", "https://matrix.example.com:8448/#/@bob:example.com", "rtsp://cam:554/stream@hd", "http://localhost:3000/#/users/@me",
    "https://medium.example.com/@bob/why-tokens-matter-<h12>", "ssh://git@git.example.com:22/acme/app.git", "docker://registry.example.com:5000/app@sha256:<h64>",
)  # fmt: skip

_PLACES = ("message", "note", "output", "detail")


def trade_secrets(seed: int, per_kind: int) -> Iterator[tuple[str, str, str, dict[str, object]]]:
    """Yield (kind, place, what must not be left, attributes), *per_kind* times each line that has a secret."""
    rnd = random.Random(seed)
    for _ in range(per_kind):
        for template in _SECRETS:
            line = fill(rnd, template)
            text = _CORE.sub(r"\1", line)
            for core in _CORE.findall(line):
                yield "trade", "text", core, {rnd.choice(_PLACES): text}
                yield "trade", "traceback", core, {"exception.stacktrace": f"Traceback:\n  x()\nRuntimeError: {text}"}


def trade_lines(seed: int) -> Iterator[tuple[str, object]]:
    """Yield pairs of key and value, one for each line in which there is no secret."""
    rnd = random.Random(seed)
    for template in _ORDINARY:
        yield rnd.choice(_PLACES), fill(rnd, template)
