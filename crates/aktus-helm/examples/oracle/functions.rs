//! Calls of every function: four of five with arguments of the types it takes, the fifth with something wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use aktus_gotmpl::{Certificates, KeyKind, helm_functions};
use aktus_helm::Profile;
use aktus_helm::certs::CertificateMaker;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fastrand::Rng;
use serde_json::{Value, json};

use super::expressions::{any, argument, odd, values};
use crate::process::{Agreement, Question};
use crate::shapes::Shape;

/// Every function of Helm 4.2.4 and of the language, with the kinds of its arguments:
/// `s`tring, small `i`nt, `n`umber, `f`loat, `b`ool, `l`ist, `m`ap, map of at m`o`st one entry, map `k`ey, `r`egex and
/// its `R`eplacement, `T`ime, its `L`ayout, `D`ate text, `d`uration, `v`ersion, `c`onstraint, `u`rl and its parts `U`,
/// `p`ath, `z`one, `j`son, `y`aml, `t`oml, a type or kind `w`ord, format `F`, and `a`nything; the other letters stand in
/// [`super::expressions`] beside what few functions take. `*` repeats the letter before it.
const TABLE: &str = "
abbrev is|abbrevboth iis|add n*|add1 n|add1f n|addf n*|adler32sum s|ago T|all a*|any a*|append la|atoi s|b32dec s|b32enc s|b64dec s|b64enc s
base p|bcrypt H|biggest nn*|buildCustomCert AB|camelcase s|cat a*|ceil n|chunk il|clean p|coalesce a*|compact l|concat l*|contains ss|date LT|dateInZone LTz
dateModify dT|date_in_zone LTz|date_modify dT|decryptAES Ke|decryptAES Ke|decryptAES ss|deepCopy a|deepEqual aa|default aa|derivePassword 5Msss
dict ka|dict kaka|dig kam|dig kkam|dir p|div nn|divf nn*|duration n|duration s|durationRound d|empty a|encryptAES ss|ext p|fail s|first l|float64 n|floor n
fromJson j|fromJsonArray j|fromToml t|fromYaml y|fromYamlArray y|genCA WY|genCAWithKey WYP|genPrivateKey g|genSelfSignedCert WINY
genSelfSignedCertWithKey WINYP|genSignedCert WINYC|genSignedCertWithKey WINYCP|get mk|getHostByName s|has al|hasKey mk|hasPrefix ss|hasSuffix ss|hello |htmlDate T
htmlDateInZone Tz|htpasswd Gs|include ha|indent is|initial l|initials s|int n|int64 n|isAbs p|join sl|kebabcase s|keys o|kindIs wa|kindOf a|last l|list a*
lookup ssss|lower s|max nn*|maxf nn*|merge mm|mergeOverwrite mm|min nn*|minf nn*|mod nn|mul nn*|mulf nn*|mustAppend la|mustChunk il|mustCompact l
mustDateModify dT|mustDeepCopy a|mustFirst l|mustFromJson j|mustHas al|mustInitial l|mustLast l|mustMerge mm|mustMergeOverwrite mm|mustPrepend la|mustPush la
mustRegexFind rs|mustRegexFindAll rsi|mustRegexMatch rs|mustRegexReplaceAll rsR|mustRegexReplaceAllLiteral rsR|mustRegexSplit rsi|mustRest l|mustReverse l
mustSlice l00|mustSlice l0|mustSlice lii|mustSlice li|mustToDate LD|mustToJson a|mustToPrettyJson a|mustToRawJson a|mustToToml m|mustToYaml a|mustUniq l
mustWithout la*|must_date_modify dT|nindent is|nospace s|now |omit mk*|osBase p|osClean p|osDir p|osExt p|osIsAbs p|pick mk*|pluck kmm|plural ssi|prepend la
push la|quote a*|randAlpha i|randAlphaNum i|randAscii i|randBytes 5|randInt ii|randNumeric i|regexFind rs|regexFindAll rsi|regexMatch rs|regexQuoteMeta s
regexQuoteMeta r|regexReplaceAll rsR|regexReplaceAllLiteral rsR|regexSplit rsi|repeat 5s|replace sss|required sa|rest l|reverse l|round n0|round nif|semver v
semverCompare cv|seq i|seq ii|seq iii|set mka|sha1sum s|sha256sum s|sha512sum s|shuffle s|slice l00|slice l0|slice lii|slice li|snakecase s|sortAlpha l|sortAlpha S|split ss
splitList ss|splitn sis|squote a*|sub nn|subf nn*|substr iis|swapcase s|ternary aab|title s|toDate LD|toDecimal n|toDecimal s|toJson a|toPrettyJson a
toRawJson a|toString a|toStrings l|toToml m|toYaml a|toYamlPretty a|tpl xa|trim s|trimAll ss|trimPrefix ss|trimSuffix ss|trimall ss|trunc is|tuple a*|typeIs wa
typeIsLike wa|typeOf a|uniq l|unixEpoch T|unset mk|until i|untilStep iii|untitle s|upper s|urlJoin U|urlParse u|uuidv4 |values o|without la*|wrap is|wrapWith iss
and aa*|or aa*|not a|eq aa|eq nn|eq ss|ne nn|ne ss|lt nn|lt ss|le nn|le ss|gt nn|gt ss|ge nn|ge ss|len s|len l|len m|index l0|index mk|print a*|println a*
printf Fa*|printf Fn|printf Fs|html a|js a|urlquery a|call a
";

/// Functions that Go's own templates have; `slice` is sprig's.
const LANGUAGE: &[&str] = &[
    "and", "call", "eq", "ge", "gt", "html", "index", "js", "le", "len", "lt", "ne", "not", "or", "print", "printf",
    "println", "urlquery",
];

const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ALPHANUMERIC: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const PRINTABLE: &[u8] =
    b" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~";

/// What is compared of functions whose output is random or tells the time.
pub(crate) fn shape(name: &str) -> Option<Shape> {
    Some(match name {
        "ago" | "now" => Shape::Near,
        "bcrypt" | "htpasswd" => Shape::Bcrypt,
        "encryptAES" | "randBytes" => Shape::Base64,
        "buildCustomCert"
        | "genCA"
        | "genCAWithKey"
        | "genPrivateKey"
        | "genSelfSignedCert"
        | "genSelfSignedCertWithKey"
        | "genSignedCert"
        | "genSignedCertWithKey" => Shape::Pem,
        "randAlpha" => Shape::Letters(LETTERS),
        "randAlphaNum" => Shape::Letters(ALPHANUMERIC),
        "randAscii" => Shape::Letters(PRINTABLE),
        "randNumeric" => Shape::Letters(b"0123456789"),
        "randInt" => Shape::Within,
        "shuffle" => Shape::Shuffled,
        "uuidv4" => Shape::Uuid,
        _ => return None,
    })
}

/// Functions whose output with arguments of other kinds than theirs is the time of the call.
const TELLS_TIME: &[&str] = &["date", "dateInZone", "date_in_zone", "htmlDate", "htmlDateInZone"];

/// Functions that take a tenth of a second or more; without `--full`, they get one of a hundred turns.
const SLOW: &[&str] =
    &["bcrypt", "derivePassword", "genCA", "genPrivateKey", "genSelfSignedCert", "genSignedCert", "htpasswd"];

/// Functions that would fill memory or take for ever with a large number.
const SIZED: &[&str] = &[
    "indent",
    "nindent",
    "randAlpha",
    "randAlphaNum",
    "randAscii",
    "randBytes",
    "randNumeric",
    "repeat",
    "seq",
    "until",
    "untilStep",
    "chunk",
    "mustChunk",
    "wrap",
    "wrapWith",
    "printf",
];

/// One call in so many has wrong arguments.
const ILL_TYPED: u64 = 5;

/// The calls of every function that a full run makes: so many are well-typed and so many are not.
pub(crate) const FULL: [u64; 2] = [2_000, 500];

/// What the calls are made of.
pub(crate) struct Functions {
    rows: BTreeMap<&'static str, Vec<&'static str>>,
    names: Vec<&'static str>,
    values: Rc<Value>,
    values_with_keys: Rc<Value>,
    full: bool,
}

impl Functions {
    /// Errs when the table lacks a function or has one too many.
    pub(crate) fn new(only: &[String], full: bool) -> Result<Self, String> {
        let mut rows: BTreeMap<&'static str, Vec<&'static str>> = BTreeMap::new();
        for row in TABLE.split(['|', '\n']).filter(|row| !row.trim().is_empty()) {
            let (name, letters) = row.split_once(' ').unwrap_or((row, ""));
            rows.entry(name).or_default().push(letters);
        }
        let known = all_names();
        let found: BTreeSet<String> = rows.keys().map(|&name| name.to_owned()).collect();
        if known != found {
            return Err(format!(
                "calls are made of other functions than there are: {:?}",
                known.symmetric_difference(&found)
            ));
        }
        if let Some(unknown) = only.iter().find(|name| !rows.contains_key(name.as_str())) {
            return Err(format!("no function is called `{unknown}`"));
        }
        let names = rows.keys().copied().filter(|&name| only.is_empty() || only.iter().any(|other| other == name));
        let names = names.collect();
        Ok(Self { rows, names, values: Rc::new(values()), values_with_keys: Rc::new(values_with_keys()?), full })
    }

    /// How many cases give every function the calls of a full run.
    pub(crate) fn full_run(&self) -> u64 {
        self.names.len() as u64 * (FULL[0] + FULL[1])
    }

    /// The names of the functions that calls are made of.
    pub(crate) fn names(&self) -> &[&'static str] {
        &self.names
    }

    /// The case of a number: the functions take turns, and every fifth round has wrong arguments.
    pub(crate) fn question(&self, dice: &mut Rng, number: u64) -> Question {
        let turns = self.names.len() as u64;
        let mut name = self.names[usize::try_from(number % turns).unwrap_or_default()];
        if !self.full && SLOW.contains(&name) && dice.u8(..100) > 0 {
            name = self.names[0];
        }
        let fitting = (number / turns) % ILL_TYPED != ILL_TYPED - 1;
        let rows = &self.rows[name];
        let row = rows[dice.usize(..rows.len())];
        let mut arguments = well_typed(dice, row);
        if !fitting {
            spoil(dice, name, &mut arguments);
        }
        let shape = shape(name);
        let agreement = match shape {
            Some(shape) if fitting => Agreement::Shape(shape),
            Some(_) => Agreement::Outcome,
            None if !fitting && TELLS_TIME.contains(&name) => Agreement::Outcome,
            None => Agreement::Exact,
        };
        let text = match shape {
            Some(shape) => shaped(name, &arguments, shape, fitting),
            None => call(dice, name, &arguments),
        };
        let mut text = format!("{{{{ define \"a\" }}}}<{{{{ . }}}}>{{{{ end }}}}{text}");
        let with_keys = text.contains("$ca") || text.contains("$other") || text.contains(".Values.key");
        if with_keys {
            text.insert_str(
                0,
                "{{ $ca := genCAWithKey \"ca\" 10 .Values.keys.ecdsa }}{{ $other := genCAWithKey \"\" 10 .Values.keys.ed25519 }}",
            );
        }
        let values = if with_keys { &self.values_with_keys } else { &self.values };
        Question { name, fitting, operation: "render", text: text.into_bytes(), values: Rc::clone(values), agreement }
    }
}

/// The names of all functions that templates of Helm 4 have.
pub(crate) fn all_names() -> BTreeSet<String> {
    let helm = helm_functions(Profile::Helm4);
    helm.iter().map(|function| function.name().to_owned()).chain(LANGUAGE.iter().map(|&name| name.to_owned())).collect()
}

/// `.Values` with keys of all kinds, made anew in every run: nobody should find private keys in a repository.
fn values_with_keys() -> Result<Value, String> {
    let maker = CertificateMaker::new(jiff::Timestamp::now);
    let rsa = maker.private_key(KeyKind::Rsa)?;
    let (ecdsa, ed25519) = (maker.private_key(KeyKind::Ecdsa)?, maker.private_key(KeyKind::Ed25519)?);
    let request = aktus_gotmpl::CertificateRequest {
        common_name: "own",
        addresses: &[],
        names: &[],
        days: 100,
        key: Some(ecdsa.as_bytes()),
    };
    let own = maker.authority(&request)?;
    let mut values = values();
    values["certificate"] = json!(STANDARD.encode(own.certificate));
    values["key"] = json!(STANDARD.encode(own.key));
    values["keys"] = json!({ "rsa": rsa, "ecdsa": ecdsa, "ed25519": ed25519 });
    Ok(values)
}

fn well_typed(dice: &mut Rng, letters: &str) -> Vec<String> {
    let mut arguments = Vec::new();
    let mut last = 'a';
    for letter in letters.chars() {
        if letter == '*' {
            for _ in 0..dice.usize(..3) {
                arguments.push(argument(dice, last));
            }
        } else {
            arguments.push(argument(dice, letter));
            last = letter;
        }
    }
    arguments
}

/// Makes something wrong: an argument too few, too many, or of another kind.
fn spoil(dice: &mut Rng, name: &str, arguments: &mut Vec<String>) {
    let sized = SIZED.contains(&name);
    let other = |dice: &mut Rng| if sized || dice.bool() { odd(dice) } else { any(dice, 1) };
    match dice.u8(..8) {
        0 if !arguments.is_empty() => drop(arguments.remove(dice.usize(..arguments.len()))),
        1 | 2 => {
            let more = other(dice);
            arguments.insert(dice.usize(..=arguments.len()), more);
        }
        3 => {
            for argument in arguments.iter_mut() {
                *argument = other(dice);
            }
        }
        _ if arguments.is_empty() => arguments.push(other(dice)),
        _ => {
            let place = dice.usize(..arguments.len());
            arguments[place] = other(dice);
        }
    }
}

/// The call in one of several places of a template.
fn call(dice: &mut Rng, name: &str, arguments: &[String]) -> String {
    let call = format!("{name} {}", arguments.join(" "));
    let call = call.trim_end();
    match dice.u8(..6) {
        0 => format!("{{{{ {call} }}}}"),
        1 => format!("{{{{ {call} | toJson }}}}"),
        2 if !arguments.is_empty() => {
            let (last, rest) =
                arguments.split_last().map(|(last, rest)| (last.clone(), rest.join(" "))).unwrap_or_default();
            format!("{{{{ {last} | {name} {rest} | printf \"%v %T\" }}}}").replace("  ", " ")
        }
        3 => format!("{{{{ $r := ({call}) }}}}{{{{ printf \"%#v\" (kindOf $r) }}}} {{{{ $r }}}}"),
        _ => format!("{{{{ $r := ({call}) }}}}{{{{ printf \"%T %v\" $r $r }}}}"),
    }
}

/// The call, with what its shape needs to know before it.
fn shaped(name: &str, arguments: &[String], shape: Shape, fitting: bool) -> String {
    let joined = arguments.join(" ");
    let call = format!("{name} {joined}");
    let call = call.trim_end();
    match (name, shape) {
        _ if !fitting => format!("{{{{ {call} }}}}"),
        ("genPrivateKey", _) => format!("{{{{ {call} }}}}"),
        (_, Shape::Pem) => {
            format!("{{{{ $r := ({call}) }}}}{{{{ printf \"%T\" $r }}}}\n{{{{ $r.Cert }}}}{{{{ $r.Key }}}}")
        }
        (_, Shape::Within) => format!("{{{{ print {joined} ({call}) }}}}"),
        (_, Shape::Bcrypt) => {
            let password = arguments.last().map_or("", String::as_str);
            format!("{{{{ {password} }}}}\t{{{{ {call} }}}}")
        }
        ("now", _) => "{{ now | unixEpoch }}".to_owned(),
        _ => format!("{{{{ {call} }}}}"),
    }
}
