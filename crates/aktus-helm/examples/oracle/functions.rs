//! Calls of every function, most of them with what it takes, some with anything.

use fastrand::Rng;

use super::expressions::{any, argument, values};
use crate::process::{Agreement, Question};

/// Every function of Helm 4.2.4 and of the language, with the kinds of its arguments:
/// `s`tring, small `i`nt, `n`umber, `f`loat, `b`ool, `l`ist, `m`ap, map of at m`o`st one entry, map `k`ey, `r`egex and
/// its `R`eplacement, `T`ime, its `L`ayout, `D`ate text, `d`uration, `v`ersion, `c`onstraint, `u`rl, `p`ath, `z`one,
/// `j`son, `y`aml, `t`oml, a type or kind `w`ord, and `a`nything. `*` repeats the letter before it.
/// `!` in front: what it gives is random or the time, so that only success and errors are compared.
/// `~` in front: too slow for many calls.
pub(crate) const TABLE: &str = "
abbrev is|abbrevboth iis|add n*|add1 n|add1f n|addf n*|adler32sum s|all a*|any a*|append la|atoi s|b32dec s|b32enc s|b64dec s|b64enc s
base p|biggest nn*|camelcase s|cat a*|ceil n|chunk il|clean p|coalesce a*|compact l|concat l*|contains ss|date LT|dateInZone LTz|dateModify dT
date_in_zone LTz|date_modify dT|decryptAES ss|deepCopy a|deepEqual aa|default aa|dict ka|dig kam|dir p|div nn|divf nn*|duration n|duration s
durationRound d|empty a|ext p|fail s|first l|float64 n|floor n|fromJson j|fromJsonArray j|fromToml t|fromYaml y|fromYamlArray y|get mk|has al
hasKey mk|hasPrefix ss|hasSuffix ss|hello |htmlDate T|htmlDateInZone Tz|include sa|indent is|initial l|initials s|int n|int64 n|isAbs p|join sl
kebabcase s|keys o|kindIs wa|kindOf a|last l|list a*|lookup ssss|lower s|max nn*|maxf nn*|merge mm|mergeOverwrite mm|min nn*|minf nn*|mod nn|mul nn*
mulf nn*|mustAppend la|mustChunk il|mustCompact l|mustDateModify dT|mustDeepCopy a|mustFirst l|mustFromJson j|mustHas al|mustInitial l|mustLast l
mustMerge mm|mustMergeOverwrite mm|mustPrepend la|mustPush la|mustRegexFind rs|mustRegexFindAll rsi|mustRegexMatch rs|mustRegexReplaceAll rsR
mustRegexReplaceAllLiteral rsR|mustRegexSplit rsi|mustRest l|mustReverse l|mustSlice lii|mustSlice li|mustToDate LD|mustToJson a|mustToPrettyJson a
mustToRawJson a|mustToToml m|mustToYaml a|mustUniq l|mustWithout la*|must_date_modify dT|nindent is|nospace s|omit mk*|osBase p|osClean p|osDir p|osExt p
osIsAbs p|pick mk*|pluck kmm|plural ssi|prepend la|push la|quote a*|regexFind rs|regexFindAll rsi|regexMatch rs|regexQuoteMeta s|regexQuoteMeta r
regexReplaceAll rsR|regexReplaceAllLiteral rsR|regexSplit rsi|repeat is|replace sss|required sa|rest l|reverse l|round ni|round nif|semver v|semverCompare cv
seq i|seq ii|seq iii|set mka|sha1sum s|sha256sum s|sha512sum s|slice lii|slice li|snakecase s|sortAlpha l|split ss|splitList ss|splitn sis|squote a*
sub nn|subf nn*|substr iis|swapcase s|ternary aab|title s|toDate LD|toDecimal n|toDecimal s|toJson a|toPrettyJson a|toRawJson a|toString a|toStrings l
toToml m|toYaml a|toYamlPretty a|tpl sa|trim s|trimAll ss|trimPrefix ss|trimSuffix ss|trimall ss|trunc is|tuple a*|typeIs wa|typeIsLike wa|typeOf a|uniq l
unixEpoch T|unset mk|until i|untilStep iii|untitle s|upper s|urlJoin m|urlParse u|values o|without la*|wrap is|wrapWith iss
and aa*|or aa*|not a|eq aa|eq nn|eq ss|ne aa|ne ss|lt nn|lt ss|le nn|gt nn|ge ss|len a|len l|index li|index mk|index la|slice la|print a*|println a*|printf sa*|html a|js a|urlquery a|call a
!ago T|!bcrypt s|!now |!randAlpha i|!randAlphaNum i|!randAscii i|!randBytes i|!randInt ii|!randNumeric i|!shuffle s|!uuidv4 |!encryptAES ss|!htpasswd ss
!getHostByName s|~derivePassword issss
";

/// Functions whose output with arguments of other kinds than theirs is the time of the call.
const TELLS_TIME: &[&str] = &["date", "dateInZone", "date_in_zone", "htmlDate", "htmlDateInZone", "ago", "now"];

struct Row {
    name: &'static str,
    letters: &'static str,
    random: bool,
    slow: bool,
}

fn rows() -> Vec<Row> {
    let row = |text: &'static str| {
        let (random, slow) = (text.starts_with('!'), text.starts_with('~'));
        let (name, letters) = text.trim_start_matches(['!', '~']).split_once(' ').unwrap_or((text, ""));
        Row { name, letters, random, slow }
    };
    TABLE.split(['|', '\n']).filter(|text| !text.trim().is_empty()).map(row).collect()
}

/// The case of a number: the functions take turns, four calls of five with arguments of the right kinds.
pub(crate) fn question(dice: &mut Rng, number: u64) -> Question {
    let rows = rows();
    let turn = usize::try_from(number).unwrap_or_default() % rows.len();
    let slow_turn = rows[turn].slow && dice.u8(..100) > 0;
    let row = if slow_turn { &rows[0] } else { &rows[turn] };
    let fitting = dice.u8(..5) > 0;
    let arguments = if fitting { fitting_arguments(dice, row.letters) } else { anything(dice) };
    // Sizes that would only fill memory on both sides.
    let call = format!("{} {}", row.name, arguments.join(" "));
    let call = call.trim_end();
    let text = match dice.u8(..6) {
        0 => format!("{{{{ {call} }}}}"),
        1 => format!("{{{{ {call} | toJson }}}}"),
        2 if !arguments.is_empty() => {
            let (last, rest) =
                arguments.split_last().map(|(last, rest)| (last.clone(), rest.join(" "))).unwrap_or_default();
            format!("{{{{ {last} | {} {rest} | printf \"%v %T\" }}}}", row.name).replace("  ", " ")
        }
        3 => format!("{{{{ $r := ({call}) }}}}{{{{ printf \"%#v\" (kindOf $r) }}}} {{{{ $r }}}}"),
        _ => format!("{{{{ $r := ({call}) }}}}{{{{ printf \"%T %v\" $r $r }}}}"),
    };
    let random = row.random || (!fitting && TELLS_TIME.contains(&row.name));
    let agreement = if random { Agreement::Outcome } else { Agreement::Exact };
    let text = format!("{{{{ define \"a\" }}}}<{{{{ . }}}}>{{{{ end }}}}{text}");
    Question { name: row.name.to_owned(), operation: "render", text: text.into_bytes(), values: values(), agreement }
}

fn fitting_arguments(dice: &mut Rng, letters: &str) -> Vec<String> {
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

fn anything(dice: &mut Rng) -> Vec<String> {
    (0..dice.usize(..5)).map(|_| any(dice, 1)).collect()
}
