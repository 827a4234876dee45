//! Reads a rule's CEL expression and finds out, without running it, what it uses.
//!
//! What must stay true: a tree that leaves this file is shallow, so that evaluating and dropping it fits any thread's
//! stack, and its loops are counted, so that evaluating it ends. Length alone bounds neither: a chain
//! such as `a+a+a` is as deep as it is long, which is why reading happens on a thread with a stack for the worst case.

use super::value::Value;
use cel::common::ast::{ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, operators};
use cel::parser::ParseErrors;
use cel::{Context, Env};
use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};
use std::thread;

/// The longest expression, in bytes.
pub const LONGEST_EXPRESSION: usize = 2_000;
/// How deep an expression may nest: brackets as written, operators and calls in the tree. An unoptimised evaluator
/// takes 40 KiB of stack a level.
pub const DEEPEST_EXPRESSION: usize = 32;
/// How many loops (`all`, `exists`, `map`, `filter`) may stand inside one another.
pub const MOST_NESTED_LOOPS: usize = 2;

/// Several times what the worst expression of that length takes from an unoptimised parser (6 MiB); only what is
/// touched is ever committed.
const READING_STACK: usize = 32 * 1024 * 1024;

/// How much of the parser's complaint is shown, in characters: it may quote the whole expression.
const LONGEST_COMPLAINT: usize = 120;

static LANGUAGE: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// A context without variables that knows the standard functions.
pub(super) fn empty_context<'v>() -> Context<'v, 'v> {
    Context::with_env(Arc::clone(&LANGUAGE))
}

/// An expression that is safe to evaluate, with what it uses.
#[derive(Debug)]
pub(super) struct Expression {
    pub(super) tree: IdedExpr,
    pub(super) uses: Uses,
}

/// What an expression uses, as far as that shows without running it.
#[derive(Debug, Default)]
pub(super) struct Uses {
    /// Names that no loop binds: variables, and types such as `int`.
    pub(super) names: BTreeSet<String>,
    /// Functions and methods, but not operators.
    pub(super) functions: BTreeSet<String>,
    /// Names that loops bind.
    pub(super) bound: BTreeSet<String>,
    /// Fields of anything but `values`.
    pub(super) fields: BTreeSet<String>,
    /// Numbers and texts that are written out, but for the keys of `values`.
    pub(super) literals: Vec<Value>,
    /// The keys at which `values` is read.
    pub(super) keys: BTreeSet<String>,
    /// Whether `values` is also read in a way that does not show the keys.
    pub(super) any_key: bool,
    /// To which power of the items that it runs over an evaluation's steps and memory grow.
    pub(super) power: u32,
    /// How many items the longest list has that is written out.
    pub(super) items: usize,
    loops: usize,
    depth: usize,
}

impl Expression {
    /// Reads an expression; the error is a plain sentence.
    pub(super) fn read(source: &str) -> Result<Expression, String> {
        if source.len() > LONGEST_EXPRESSION {
            return Err(format!(
                "The expression is {} bytes long; the limit is {LONGEST_EXPRESSION}.",
                source.len()
            ));
        }
        thread::scope(|scope| {
            thread::Builder::new()
                .stack_size(READING_STACK)
                .spawn_scoped(scope, || Expression::read_here(source))
                .map_err(|error| {
                    format!("The expression cannot be read: no thread could be started ({error}).")
                })?
                .join()
                .unwrap_or_else(|_| {
                    Err("The expression cannot be read: the CEL parser failed on it.".to_owned())
                })
        })
    }

    /// Reads and looks the tree over on this thread's stack; a tree that is refused is dropped on it, too.
    fn read_here(source: &str) -> Result<Expression, String> {
        let parser = LANGUAGE.parser().max_recursion_depth(DEEPEST_EXPRESSION as u16);
        let tree = parser.parse(source).map_err(|errors| why_unread(&errors))?;
        let mut uses = Uses::default();
        uses.note(&tree, &mut Surroundings::default());
        if uses.depth > DEEPEST_EXPRESSION {
            return Err(too_deep());
        }
        if uses.loops > MOST_NESTED_LOOPS {
            return Err(format!(
                "The expression has {} loops inside one another; the limit is {MOST_NESTED_LOOPS}.",
                uses.loops
            ));
        }
        Ok(Expression { tree, uses })
    }
}

fn too_deep() -> String {
    format!(
        "The expression nests deeper than {DEEPEST_EXPRESSION} levels, the limit; a chain of operators nests, too."
    )
}

/// The parser's first complaint as a sentence.
fn why_unread(errors: &ParseErrors) -> String {
    if errors.errors.iter().any(|error| error.msg.contains("Recursion limit")) {
        return too_deep();
    }
    let Some(first) = errors.errors.first() else {
        return "The expression cannot be read.".to_owned();
    };
    let what = first.msg.trim_start_matches("Syntax error: ").split(" expecting ").next().unwrap_or_default();
    let what: String = what.chars().take(LONGEST_COMPLAINT).collect();
    let (line, column) = first.pos;
    format!(
        "The expression cannot be read at line {line}, column {column}: {}.",
        what.trim_end_matches(['.', '!'])
    )
}

/// Where in the tree the walk is.
#[derive(Default)]
struct Surroundings {
    bound: Vec<String>,
    loops: usize,
    power: u32,
    depth: usize,
}

impl Uses {
    fn note(&mut self, node: &IdedExpr, around: &mut Surroundings) {
        around.depth += 1;
        self.depth = self.depth.max(around.depth);
        self.note_inner(node, around);
        around.depth -= 1;
    }

    fn note_inner(&mut self, node: &IdedExpr, around: &mut Surroundings) {
        if let Some(key) = key_read(&node.expr) {
            self.names.insert("values".to_owned());
            self.keys.insert(key.to_owned());
            return;
        }
        match &node.expr {
            Expr::Ident(name) => self.note_name(name, around),
            Expr::Select(select) => {
                self.fields.insert(select.field.clone());
                self.note(&select.operand, around);
            }
            Expr::Call(call) => {
                if call.func_name.starts_with(|c: char| c.is_ascii_alphabetic()) {
                    self.functions.insert(call.func_name.clone());
                }
                // In `optional.of(x)` the target is the function's name space, not a variable.
                if let Some(target) = call.target.as_deref().filter(|target| !is_name(target, "optional")) {
                    self.note(target, around);
                }
                call.args.iter().for_each(|argument| self.note(argument, around));
            }
            Expr::List(list) => {
                self.items = self.items.max(list.elements.len());
                list.elements.iter().for_each(|element| self.note(element, around));
            }
            Expr::Map(map) => self.note_entries(map.entries.iter().map(|entry| &entry.expr), around),
            Expr::Struct(message) => {
                self.names.insert(message.type_name.clone());
                self.note_entries(message.entries.iter().map(|entry| &entry.expr), around);
            }
            Expr::Comprehension(each) => {
                self.note(&each.iter_range, around);
                self.note(&each.accu_init, around);
                let outside = around.bound.len();
                around.bound.push(each.iter_var.clone());
                around.bound.extend(each.iter_var2.clone());
                self.bound.extend(around.bound[outside..].iter().cloned());
                let power = if gathers(each) { 2 } else { 1 };
                around.loops += 1;
                around.power += power;
                self.loops = self.loops.max(around.loops);
                self.power = self.power.max(around.power);
                for part in [&each.loop_cond, &each.loop_step, &each.result] {
                    self.note(part, around);
                }
                around.loops -= 1;
                around.power -= power;
                around.bound.truncate(outside);
            }
            Expr::Literal(literal) => self.literals.extend(as_json(literal)),
            Expr::Unspecified => {}
        }
    }

    fn note_name(&mut self, name: &str, around: &Surroundings) {
        // A name that begins with `@` is a loop's own accumulator.
        if name.starts_with('@') || around.bound.iter().any(|bound| bound == name) {
            return;
        }
        let name = name.trim_start_matches('.');
        self.any_key |= name == "values";
        self.names.insert(name.to_owned());
    }

    fn note_entries<'e>(&mut self, entries: impl Iterator<Item = &'e EntryExpr>, around: &mut Surroundings) {
        for entry in entries {
            match entry {
                EntryExpr::StructField(field) => self.note(&field.value, around),
                EntryExpr::MapEntry(pair) => {
                    self.note(&pair.key, around);
                    self.note(&pair.value, around);
                }
            }
        }
    }
}

/// Whether a loop gathers what it computes (`map`), each item of which may be a whole list.
fn gathers(each: &ComprehensionExpr) -> bool {
    let step = match &each.loop_step.expr {
        Expr::Call(call) if call.func_name == operators::CONDITIONAL => call.args.get(1),
        _ => Some(&each.loop_step),
    };
    let gathered = match step.map(|step| &step.expr) {
        Some(Expr::Call(call)) if call.func_name == operators::ADD => call.args.get(1),
        _ => None,
    };
    match gathered.map(|gathered| &gathered.expr) {
        Some(Expr::List(list)) => !list.elements.iter().all(|element| is_name(element, &each.iter_var)),
        _ => false,
    }
}

/// The key, where this reads `values` at a literal one: by index, by field, by `in`, by `has`.
fn key_read(node: &Expr) -> Option<&str> {
    match node {
        Expr::Select(select) if is_name(&select.operand, "values") => Some(&select.field),
        Expr::Call(call) => match (call.func_name.as_str(), call.args.as_slice()) {
            (operators::INDEX | operators::OPT_INDEX | operators::OPT_SELECT, [map, key])
            | (operators::IN, [key, map])
                if is_name(map, "values") =>
            {
                literal(key)
            }
            _ => None,
        },
        _ => None,
    }
}

fn is_name(node: &IdedExpr, name: &str) -> bool {
    matches!(&node.expr, Expr::Ident(found) if found.trim_start_matches('.') == name)
}

fn literal(node: &IdedExpr) -> Option<&str> {
    match &node.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner()),
        _ => None,
    }
}

fn as_json(literal: &LiteralValue) -> Option<Value> {
    match literal {
        LiteralValue::Int(whole) => Some(Value::from(*whole.inner())),
        LiteralValue::UInt(whole) => Some(Value::from(*whole.inner())),
        LiteralValue::Double(number) => Some(Value::from(*number.inner())),
        LiteralValue::String(text) => Some(Value::from(text.inner())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As many units as fit, then the end.
    fn filled(unit: &str, end: &str) -> String {
        unit.repeat((LONGEST_EXPRESSION - end.len()) / unit.len()) + end
    }

    #[test]
    fn what_nests_as_deep_as_its_length_allows_is_refused_and_ends_nothing() {
        for (unit, end) in [
            ("(", ""),
            ("[", ""),
            ("{", ""),
            ("{1:", ""),
            ("[1,", ""),
            ("a[", ""),
            ("a(", ""),
            ("a.b(", ""),
            ("a{b:", ""),
            ("!(", ""),
            ("-(", ""),
            ("((a)+", "a"),
            ("[1].all(x,", ""),
            ("a+", "a"),
            ("a==", "a"),
            ("a in ", "a"),
            ("a.", "a"),
            ("a.?", "a"),
            ("a.b().", "c()"),
            ("a?b:", "a"),
        ] {
            let error = Expression::read(&filled(unit, end)).unwrap_err();
            assert!(error.contains("deeper than 32 levels"), "{unit}: {error}");
        }
        let closed = "(".repeat(900) + "1" + &")".repeat(900);
        assert!(Expression::read(&closed).unwrap_err().contains("deeper than 32 levels"));
    }

    #[test]
    fn what_is_long_but_shallow_is_read() {
        for (unit, end) in
            [("!", "a"), ("-", "1"), ("- ", "1"), ("a&&", "a"), ("a||", "a"), (" ", "a"), ("\n", "a")]
        {
            assert!(Expression::read(&filled(unit, end)).is_ok(), "{unit}");
        }
        assert!(Expression::read(&format!("[{}1]", "1,".repeat(900))).is_ok());
        assert!(Expression::read(&("a+".repeat(30) + "a")).is_ok());
    }

    #[test]
    fn a_complaint_is_one_short_sentence() {
        for (unit, end) in
            [("\"", ""), ("'", ""), ("@", ""), ("\\", ""), ("a?", "a"), ("1,", "1"), (".", "a")]
        {
            let error = Expression::read(&filled(unit, end)).unwrap_err();
            assert!(error.starts_with("The expression cannot be read at line 1, column "), "{unit}: {error}");
            assert!(error.len() < 400 && error.ends_with('.') && !error.contains('\n'), "{unit}: {error}");
        }
    }

    #[test]
    fn loops_count_by_how_they_stand_inside_one_another() {
        for (source, loops, power) in [
            ("a > 1", 0, 0),
            ("a.all(x, x > 1) && a.exists(x, x > 1)", 1, 1),
            ("a.filter(x, x > 1).exists_one(x, x > 1)", 1, 1),
            ("a.map(x, x + 1) == a", 1, 2),
            ("a.map(x, x > 1, x + 1) == a", 1, 2),
            ("a.all(x, b.exists(y, y > x))", 2, 2),
            ("a.map(x, b.map(y, a)) == a", 2, 4),
        ] {
            let uses = Expression::read(source).unwrap().uses;
            assert_eq!((uses.loops, uses.power), (loops, power), "{source}");
        }
    }

    proptest! {
        #[test]
        fn reading_any_soup_of_tokens_gives_a_tree_or_a_sentence(tokens in prop::collection::vec(
            prop::sample::select(vec![
                "a", "values", "1", "2u", "1.5", "'s'", "r'\\'", "b'x'", "(", ")", "[", "]", "{", "}", ".", ",", ":", "?",
                "!", "-", "+", "&&", "||", "==", "in", "has(", ".all(x,", ".map(", "`", "\"", "\\", "null", "9999999999999999999",
            ]), 0..60))
        {
            if let Err(error) = Expression::read(&tokens.concat()) {
                prop_assert!(error.starts_with("The expression ") && !error.contains("parser failed"), "{}", error);
            }
        }
    }
}
