//! What providers' tokens look like: prefix, alphabet and length, as the providers document them.
//!
//! What must stay true: a prefix has two characters or more; one that is also an ordinary word has an exact length or a further test. Where two fit, the
//! first counts, so the longer prefix stands before the shorter.

use super::shape::{Class, Shape};
use Class::{Alnum, Base64, Dotted, Hex, HexDash, Upper, Url, Word};

const fn token(
    (kind, whose): (&'static str, &'static str),
    prefix: &'static str,
    class: Class,
    least: usize,
    most: usize,
) -> Shape {
    Shape { kind, whose, prefix, class, least, most, also: |_| true }
}

const fn tested(shape: Shape, also: fn(&str) -> bool) -> Shape {
    Shape { also, ..shape }
}

const AWS: (&str, &str) = ("aws", "Amazon Web Services");
const GITHUB: (&str, &str) = ("github", "GitHub");
const GITLAB: (&str, &str) = ("gitlab", "GitLab");
const SLACK: (&str, &str) = ("slack", "Slack");
const STRIPE: (&str, &str) = ("stripe", "Stripe");
const GOOGLE: (&str, &str) = ("google", "Google");
const DOCKER: (&str, &str) = ("docker", "Docker");
const OCEAN: (&str, &str) = ("digitalocean", "DigitalOcean");
const NEW_RELIC: (&str, &str) = ("new-relic", "New Relic");
const GRAFANA: (&str, &str) = ("grafana", "Grafana");
const VAULT: (&str, &str) = ("vault", "HashiCorp Vault");
const OPENAI: (&str, &str) = ("openai", "OpenAI");
const HUGGING: (&str, &str) = ("hugging-face", "Hugging Face");
const SHOPIFY: (&str, &str) = ("shopify", "Shopify");
const SQUARE: (&str, &str) = ("square", "Square");
const BRAINTREE: (&str, &str) = ("braintree", "PayPal Braintree");
const ATLASSIAN: (&str, &str) = ("atlassian", "Atlassian");
const LINEAR: (&str, &str) = ("linear", "Linear");
const NOTION: (&str, &str) = ("notion", "Notion");
const SENTRY: (&str, &str) = ("sentry", "Sentry");
const DOPPLER: (&str, &str) = ("doppler", "Doppler");
const PLANETSCALE: (&str, &str) = ("planetscale", "PlanetScale");
const OWN: (&str, &str) = ("cfgctl", "cfgctl");

/// Every provider's shapes.
#[rustfmt::skip]
pub(super) const PROVIDERS: &[Shape] = &[
    token(AWS, "AKIA", Upper, 16, 16),
    token(AWS, "ASIA", Upper, 16, 16),
    token(AWS, "ABIA", Upper, 16, 16),
    token(AWS, "ACCA", Upper, 16, 16),
    token(AWS, "ABSK", Base64, 100, 300),
    token(AWS, "amzn.mws.", HexDash, 36, 36),
    token(GITHUB, "github_pat_", Word, 40, 255),
    token(GITHUB, "ghp_", Alnum, 36, 255),
    token(GITHUB, "gho_", Alnum, 36, 255),
    token(GITHUB, "ghu_", Alnum, 36, 255),
    token(GITHUB, "ghs_", Alnum, 36, 255),
    token(GITHUB, "ghr_", Alnum, 36, 255),
    token(GITLAB, "glpat-", Dotted, 20, 300),
    token(GITLAB, "gldt-", Dotted, 20, 300),
    token(GITLAB, "glrt-", Dotted, 20, 300),
    token(GITLAB, "glptt-", Dotted, 20, 300),
    token(GITLAB, "glcbt-", Dotted, 20, 300),
    token(GITLAB, "glsoat-", Dotted, 20, 300),
    token(GITLAB, "gloas-", Dotted, 20, 300),
    token(GITLAB, "glft-", Dotted, 20, 300),
    token(GITLAB, "glagent-", Dotted, 20, 300),
    token(GITLAB, "GR1348941", Url, 20, 20),
    token(SLACK, "xoxe.xox", Url, 30, 400),
    token(SLACK, "xoxb-", Url, 20, 400),
    token(SLACK, "xoxp-", Url, 20, 400),
    token(SLACK, "xoxa-", Url, 20, 400),
    token(SLACK, "xoxr-", Url, 20, 400),
    token(SLACK, "xoxs-", Url, 20, 400),
    token(SLACK, "xoxo-", Url, 20, 400),
    token(SLACK, "xoxe-", Url, 20, 400),
    token(SLACK, "xapp-", Url, 30, 400),
    token(STRIPE, "sk_live_", Alnum, 16, 255),
    token(STRIPE, "rk_live_", Alnum, 16, 255),
    token(STRIPE, "sk_test_", Alnum, 16, 255),
    token(STRIPE, "rk_test_", Alnum, 16, 255),
    token(STRIPE, "whsec_", Base64, 32, 100),
    token(GOOGLE, "AIza", Url, 35, 35),
    token(GOOGLE, "GOCSPX-", Url, 28, 28),
    token(GOOGLE, "ya29.", Url, 40, 500),
    token(("twilio", "Twilio"), "SK", Hex, 32, 32),
    token(("sendgrid", "SendGrid"), "SG.", Dotted, 66, 66),
    token(("brevo", "Brevo"), "xkeysib-", Url, 70, 100),
    token(("npm", "npm"), "npm_", Alnum, 36, 36),
    token(("pypi", "PyPI"), "pypi-AgE", Url, 50, 1000),
    token(("rubygems", "RubyGems"), "rubygems_", Hex, 48, 48),
    token(("crates-io", "crates.io"), "cio", Alnum, 32, 32),
    token(("nuget", "NuGet"), "oy2", Alnum, 43, 43),
    token(("clojars", "Clojars"), "CLOJARS_", Alnum, 60, 60),
    token(DOCKER, "dckr_pat_", Url, 20, 60),
    token(DOCKER, "dckr_oat_", Url, 20, 60),
    token(OCEAN, "dop_v1_", Hex, 64, 64),
    token(OCEAN, "doo_v1_", Hex, 64, 64),
    token(OCEAN, "dor_v1_", Hex, 64, 64),
    token(("heroku", "Heroku"), "HRKU-", Url, 36, 80),
    token(("cloudflare", "Cloudflare"), "v1.0-", HexDash, 100, 300),
    token(NEW_RELIC, "NRAK-", Upper, 27, 27),
    token(NEW_RELIC, "NRJS-", Hex, 19, 19),
    token(NEW_RELIC, "NRII-", Url, 32, 32),
    token(NEW_RELIC, "NRAA-", Hex, 27, 27),
    token(GRAFANA, "glsa_", Word, 41, 41),
    token(GRAFANA, "glc_", Base64, 32, 500),
    token(GRAFANA, "eyJrIjoi", Base64, 60, 500),
    token(VAULT, "hvs.", Url, 20, 400),
    token(VAULT, "hvb.", Url, 20, 400),
    token(VAULT, "hvr.", Url, 20, 400),
    tested(token(VAULT, "s.", Alnum, 24, 24), has_all_three),
    token(("databricks", "Databricks"), "dapi", HexDash, 32, 34),
    token(("anthropic", "Anthropic"), "sk-ant-", Url, 40, 200),
    token(("openrouter", "OpenRouter"), "sk-or-v1-", Hex, 64, 64),
    token(OPENAI, "sk-proj-", Url, 40, 250),
    token(OPENAI, "sk-svcacct-", Url, 40, 250),
    token(OPENAI, "sk-admin-", Url, 40, 250),
    tested(token(OPENAI, "sk-", Url, 40, 250), |tail| tail.contains("T3BlbkFJ") || is_whole(tail, 48)),
    token(HUGGING, "hf_", Alnum, 34, 40),
    token(HUGGING, "api_org_", Alnum, 34, 40),
    token(("groq", "Groq"), "gsk_", Alnum, 48, 60),
    token(("replicate", "Replicate"), "r8_", Alnum, 37, 40),
    token(("xai", "xAI"), "xai-", Alnum, 70, 90),
    token(("perplexity", "Perplexity"), "pplx-", Alnum, 40, 64),
    token(SHOPIFY, "shpat_", Hex, 32, 32),
    token(SHOPIFY, "shpca_", Hex, 32, 32),
    token(SHOPIFY, "shppa_", Hex, 32, 32),
    token(SHOPIFY, "shpss_", Hex, 32, 32),
    token(SQUARE, "sq0atp-", Url, 22, 22),
    token(SQUARE, "sq0csp-", Url, 43, 43),
    token(SQUARE, "EAAA", Url, 60, 60),
    token(BRAINTREE, "access_token$production$", Dotted, 16, 16),
    token(BRAINTREE, "access_token$sandbox$", Dotted, 16, 16),
    token(ATLASSIAN, "ATATT3", Base64, 60, 300),
    token(ATLASSIAN, "ATCTT3", Base64, 60, 300),
    token(ATLASSIAN, "ATBB", Alnum, 32, 32),
    token(ATLASSIAN, "BBDC-", Base64, 40, 60),
    token(LINEAR, "lin_api_", Alnum, 32, 64),
    token(LINEAR, "lin_oauth_", Hex, 64, 64),
    tested(token(NOTION, "secret_", Alnum, 43, 43), has_all_three),
    token(NOTION, "ntn_", Alnum, 40, 50),
    token(("figma", "Figma"), "figd_", Url, 38, 60),
    token(("postman", "Postman"), "PMAK-", HexDash, 59, 59),
    token(SENTRY, "sntrys_", Base64, 60, 500),
    token(SENTRY, "sntryu_", Hex, 64, 64),
    token(("age", "age"), "AGE-SECRET-KEY-1", Upper, 58, 58),
    token(("airtable", "Airtable"), "pat", Dotted, 79, 79),
    token(DOPPLER, "dp.pt.", Alnum, 40, 44),
    token(DOPPLER, "dp.st.", Dotted, 40, 100),
    token(DOPPLER, "dp.sa.", Alnum, 40, 44),
    token(("dropbox", "Dropbox"), "sl.u.", Url, 100, 500),
    token(("dynatrace", "Dynatrace"), "dt0c01.", Dotted, 89, 89),
    token(("flutterwave", "Flutterwave"), "FLWSECK", Url, 13, 50),
    token(("hubspot", "HubSpot"), "pat-na1-", HexDash, 36, 36),
    token(("hubspot", "HubSpot"), "pat-eu1-", HexDash, 36, 36),
    token(PLANETSCALE, "pscale_tkn_", Dotted, 32, 64),
    token(PLANETSCALE, "pscale_pw_", Dotted, 32, 64),
    token(("pulumi", "Pulumi"), "pul-", Hex, 40, 40),
    token(("shippo", "Shippo"), "shippo_live_", Hex, 40, 40),
    token(("sourcegraph", "Sourcegraph"), "sgp_", Word, 40, 64),
    token(("supabase", "Supabase"), "sbp_", Hex, 40, 40),
    token(("tailscale", "Tailscale"), "tskey-", Url, 20, 80),
    token(("typeform", "Typeform"), "tfp_", Dotted, 40, 70),
    token(("buildkite", "Buildkite"), "bkua_", Alnum, 40, 40),
    token(("circleci", "CircleCI"), "CCIPAT_", Word, 40, 80),
    token(("artifactory", "JFrog Artifactory"), "AKCp", Alnum, 69, 69),
    token(("alibaba", "Alibaba Cloud"), "LTAI", Alnum, 16, 20),
    token(("mongodb-atlas", "MongoDB Atlas"), "mdb_sa_sk_", Url, 30, 60),
    token(("netlify", "Netlify"), "nfp_", Alnum, 36, 40),
    token(("fly", "Fly.io"), "fo1_", Url, 43, 43),
    token(("mapbox", "Mapbox"), "sk.eyJ", Dotted, 60, 200),
    token(("razorpay", "Razorpay"), "rzp_live_", Alnum, 14, 14),
    token(("contentful", "Contentful"), "CFPAT-", Url, 43, 43),
    token(("1password", "1Password"), "ops_eyJ", Url, 200, 1000),
    token(OWN, "cfgctl_", Hex, 64, 64),
    token(OWN, "cfginv_", Hex, 64, 64),
];

fn has_all_three(tail: &str) -> bool {
    let any = |test: fn(&u8) -> bool| tail.as_bytes().iter().any(test);
    any(u8::is_ascii_digit) && any(u8::is_ascii_lowercase) && any(u8::is_ascii_uppercase)
}

fn is_whole(tail: &str, length: usize) -> bool {
    tail.len() == length && tail.bytes().all(|byte| byte.is_ascii_alphanumeric()) && has_all_three(tail)
}
