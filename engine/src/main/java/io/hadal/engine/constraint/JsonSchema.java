package io.hadal.engine.constraint;

import io.hadal.engine.constraint.SchemaFacts.Kind;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * JSON Schema as a grammar: its texts are documents that follow the schema, with properties in the
 * order of the schema. What the schema leaves open may be narrower here: an object with named
 * properties has others only if the schema says so.
 */
public final class JsonSchema {
  private static final int MOST_CHARACTERS = 1 << 20;
  private static final int MOST_RULES = 10_000;
  private static final long MOST_KEYS = 20_000_000;
  private static final int MOST_LENGTH = 100_000;
  private static final int MOST_DIVISOR = 2_000;

  private final JsonNode document;
  private final JsonGrammar json;
  private final SchemaLimits limits;
  private final Map<String, Expression.Rule> rules = new HashMap<>();
  private long keys;
  private final ArrayDeque<Runnable> todo = new ArrayDeque<>();
  private final SchemaObjects objects;

  /** Which values of a schema are meant, and how they are written. */
  enum Form {
    JSON,
    /** Strings only, as they are. */
    TEXT,
    /** All but strings. */
    NO_STRING
  }

  private JsonSchema(JsonNode document, boolean strict, JsonGrammar json) {
    if (document.toString().length() > MOST_CHARACTERS) {
      throw new GrammarException("#", "has more than " + MOST_CHARACTERS + " characters");
    }
    this.document = document;
    this.json = json;
    this.limits = new SchemaLimits(strict);
    this.objects = new SchemaObjects(this);
  }

  /**
   * A compiled schema.
   *
   * @param ignored places of keywords without effect
   */
  public record Compiled(Expression expression, Set<String> ignored) {}

  /**
   * The documents of a schema.
   *
   * @param strict true to refuse what cannot be enforced, false to leave it out
   * @throws GrammarException with the place in the schema
   */
  public static Compiled compile(JsonNode schema, boolean strict, JsonGrammar json) {
    JsonSchema compiler = new JsonSchema(schema, strict, json);
    Expression root = compiler.rule(List.of(compiler.root()), Form.JSON);
    compiler.finish();
    return new Compiled(root, compiler.limits.ignored());
  }

  /**
   * The objects of a schema, not as JSON but as a list of members that are written in some other
   * way.
   *
   * @throws GrammarException as {@link #compile}, and when the schema has other values than objects
   */
  public static Compiled compileMembers(
      JsonNode schema, boolean strict, JsonGrammar json, MemberStyle style) {
    JsonSchema compiler = new JsonSchema(schema, strict, json);
    Expression root = compiler.members(SchemaSet.of(List.of(compiler.root()), schema), style);
    compiler.finish();
    return new Compiled(root, compiler.limits.ignored());
  }

  private SchemaPlace root() {
    return new SchemaPlace("#", document);
  }

  private void finish() {
    while (true) {
      Runnable next = todo.poll();
      if (next == null) {
        return;
      }
      next.run();
    }
  }

  JsonGrammar json() {
    return json;
  }

  SchemaLimits limits() {
    return limits;
  }

  GrammarBuilder builder() {
    return json.builder();
  }

  /** Values that follow all of some schemas. */
  Expression rule(List<SchemaPlace> schemas, Form form) {
    return rule(SchemaSet.of(schemas, document), form);
  }

  private Expression rule(SchemaSet set, Form form) {
    String key = form + " " + set.key();
    Expression.Rule known = rules.get(key);
    if (known == null) {
      keys += key.length();
      if (rules.size() >= MOST_RULES || keys > MOST_KEYS) {
        throw new GrammarException(set.pointer(), "has too many combinations of alternatives");
      }
      Expression.Rule fresh = builder().rule("of " + set.pointer());
      rules.put(key, fresh);
      // Later, so that long chains of schemas need no deep recursion.
      todo.add(() -> builder().define(fresh, placed(set, form)));
      known = fresh;
    }
    return known;
  }

  private Expression placed(SchemaSet set, Form form) {
    try {
      return body(set, form);
    } catch (GrammarException e) {
      throw e.pointer() == null ? new GrammarException(set.pointer(), e.text()) : e;
    }
  }

  private Expression body(SchemaSet set, Form form) {
    List<SchemaSet> alternatives = set.alternatives(document);
    if (alternatives != null) {
      List<Expression> options = new ArrayList<>();
      alternatives.forEach(a -> options.add(rule(a, form)));
      return new Expression.Choice(options);
    }
    SchemaFacts facts = set.facts(limits);
    if (facts.impossible) {
      return new Expression.Choice(List.of());
    }
    if (facts.values != null) {
      return values(facts, facts.values, form);
    }
    List<Expression> options = new ArrayList<>();
    for (Kind kind : facts.kinds) {
      if (form == Form.JSON || (form == Form.TEXT) == (kind == Kind.STRING)) {
        options.add(
            switch (kind) {
              case NULL -> Expression.literal("null");
              case BOOLEAN -> JsonGrammar.bool();
              case NUMBER -> number(facts, set);
              case STRING -> string(facts, form == Form.TEXT);
              case ARRAY -> array(facts);
              case OBJECT -> JsonGrammar.braced(objects.members(facts, MemberStyle.JSON));
            });
      }
    }
    return new Expression.Choice(options);
  }

  private Expression members(SchemaSet set, MemberStyle style) {
    List<SchemaSet> alternatives = set.alternatives(document);
    if (alternatives != null) {
      List<Expression> options = new ArrayList<>();
      alternatives.forEach(a -> options.add(members(a, style)));
      return new Expression.Choice(options);
    }
    SchemaFacts facts = set.facts(limits);
    if (facts.impossible || facts.values != null || !facts.kinds.contains(Kind.OBJECT)) {
      throw new GrammarException(set.pointer(), "must be the schema of an object");
    }
    return objects.members(facts, style);
  }

  private static Expression values(SchemaFacts facts, List<JsonNode> values, Form form) {
    List<byte[]> words = new ArrayList<>();
    for (JsonNode value : values) {
      boolean text = value.isString();
      if (facts.admits(value) && (form == Form.JSON || text == (form == Form.TEXT))) {
        String written = form == Form.TEXT ? value.stringValue() : value.toString();
        words.add(written.getBytes(StandardCharsets.UTF_8));
      }
    }
    return new Expression.Words(words);
  }

  private Expression string(SchemaFacts facts, boolean raw) {
    Expression inside = inside(facts, raw);
    return raw
        ? inside
        : inside instanceof Expression.Rule
            ? inside
            : Expression.sequence(JsonGrammar.QUOTE, inside, JsonGrammar.QUOTE);
  }

  /** What stands between quotation marks; a rule for a whole string. */
  private Expression inside(SchemaFacts facts, boolean raw) {
    int least = facts.minLength;
    int most = facts.maxLength;
    if (Math.max(least, most) > MOST_LENGTH) {
      throw new GrammarException("a length above " + MOST_LENGTH + " cannot be enforced");
    }
    if (facts.languages.isEmpty()) {
      if (least > 0 || most >= 0) {
        return new Expression.Repeat(raw ? json.rawCharacter() : json.character(), least, most);
      }
      return raw ? json.rawText() : json.string();
    }
    RegularLanguage language = facts.languages.getFirst();
    for (RegularLanguage other : facts.languages.subList(1, facts.languages.size())) {
      language = language.and(other);
    }
    if (least > 0 || most >= 0) {
      language = language.and(RegularLanguage.ofLength(least, most));
    }
    String forbidden = json.forbidden();
    if (forbidden != null) {
      language = language.and(RegularLanguage.without(forbidden));
    }
    return new Expression.Text(language, raw ? Expression.Spelling.RAW : Expression.Spelling.JSON);
  }

  private Expression number(SchemaFacts facts, SchemaSet set) {
    BigDecimal least = facts.least;
    BigDecimal most = facts.most;
    boolean whole = facts.integers;
    int scale = -1;
    BigInteger divisor = BigInteger.ONE;
    for (BigDecimal d : facts.divisors) {
      if (d.signum() <= 0) {
        throw new GrammarException(set.pointer() + "/multipleOf", "must be above 0");
      }
      if (d.scale() <= 0) {
        whole = true;
        BigInteger n = d.toBigIntegerExact();
        divisor = divisor.multiply(n).divide(divisor.gcd(n));
      } else if (d.unscaledValue().equals(BigInteger.ONE)) {
        scale = scale < 0 ? d.scale() : Math.min(scale, d.scale());
      } else if (BigDecimal.ONE.remainder(d).signum() == 0) {
        // Whole numbers are multiples of it, too.
        whole = true;
      } else {
        limits.refuse(set.pointer() + "/multipleOf");
      }
    }
    if (!whole) {
      return least == null && most == null && scale < 0
          ? json.number()
          : DecimalRange.numbers(least, facts.aboveLeast, most, facts.belowMost, scale);
    }
    BigInteger low = null;
    if (least != null) {
      low = least.setScale(0, RoundingMode.CEILING).toBigIntegerExact();
      boolean same = new BigDecimal(low).compareTo(least) == 0;
      low = same && facts.aboveLeast ? low.add(BigInteger.ONE) : low;
    }
    BigInteger high = null;
    if (most != null) {
      high = most.setScale(0, RoundingMode.FLOOR).toBigIntegerExact();
      boolean same = new BigDecimal(high).compareTo(most) == 0;
      high = same && facts.belowMost ? high.subtract(BigInteger.ONE) : high;
    }
    if (divisor.equals(BigInteger.ONE)) {
      return low == null && high == null ? json.integer() : DecimalRange.integers(low, high);
    }
    if (divisor.bitLength() > 31 || divisor.intValue() > MOST_DIVISOR) {
      limits.refuse(set.pointer() + "/multipleOf");
      return DecimalRange.integers(low, high);
    }
    return new Expression.Text(
        RegularLanguage.of(DecimalRange.integers(low, high))
            .and(RegularLanguage.multiplesOf(divisor.intValue())),
        Expression.Spelling.RAW);
  }

  private Expression array(SchemaFacts facts) {
    int prefix = facts.items.stream().mapToInt(i -> i.prefix().size()).max().orElse(0);
    if (prefix > 256) {
      throw new GrammarException("more than 256 different items are not supported");
    }
    List<Expression> first = new ArrayList<>();
    for (int i = 0; i < prefix; i++) {
      first.add(item(facts, i));
    }
    Expression rest = item(facts, Integer.MAX_VALUE);
    int least = facts.minItems;
    int most = facts.maxItems;
    if (most >= 0 && least > most) {
      return new Expression.Choice(List.of());
    }
    if (prefix == 0) {
      return JsonGrammar.array(rest, least, most);
    }
    Expression tail =
        most >= 0 && most <= prefix
            ? Expression.EMPTY
            : new Expression.Repeat(
                Expression.sequence(JsonGrammar.comma(), rest),
                Math.max(0, least - prefix),
                most < 0 ? -1 : most - prefix);
    for (int i = prefix - 1; i >= 0; i--) {
      if (most >= 0 && i >= most) {
        continue;
      }
      Expression from =
          Expression.sequence(i == 0 ? Expression.EMPTY : JsonGrammar.comma(), first.get(i), tail);
      tail = i >= least ? Expression.optional(from) : from;
    }
    return JsonGrammar.bracketed(tail);
  }

  /** The item at a place; any number beyond the first ones for the rest. */
  private Expression item(SchemaFacts facts, int index) {
    List<SchemaPlace> schemas = new ArrayList<>();
    for (SchemaFacts.Items items : facts.items) {
      SchemaPlace place = index < items.prefix().size() ? items.prefix().get(index) : items.rest();
      if (place != null) {
        schemas.add(place);
      }
    }
    return schemas.isEmpty() ? json.value() : rule(schemas, Form.JSON);
  }

  /** A value of which nothing is known, in a form. */
  Expression anyValue(List<SchemaPlace> schemas, Form form) {
    return schemas.isEmpty() && form == Form.JSON ? json.value() : rule(schemas, form);
  }
}
