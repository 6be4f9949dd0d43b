package io.hadal.platform.redaction;

import io.hadal.formats.FormatException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a project's redaction looks for, and what happens to what answers hold (platform
 * specification, 2.12). Immutable; the detectors are made when they are first needed.
 */
public final class RedactionRules {
  /** All detectors, in requests only. */
  public static final RedactionRules STANDARD =
      new RedactionRules(RedactionMode.OFF, List.of(), Map.of(), Map.of());

  private static final Redactor STANDARD_ALL = Redactor.standard();

  /** Fields of a policy that belong here. */
  public static final Set<String> FIELDS =
      Set.of("redaction_answers", "redaction_detectors", "redaction_patterns", "redaction_words");

  /** From the loosest to the tightest; there is nobody to put values back for in an answer. */
  private static final List<RedactionMode> ANSWERS =
      List.of(RedactionMode.OFF, RedactionMode.DETECT, RedactionMode.MASK, RedactionMode.BLOCK);

  private static final int MOST_KINDS = 20;
  private static final int MOST_PATTERNS = 50;
  private static final int MOST_PATTERN = 500;
  private static final int MOST_WORDS = 2000;
  private static final int MOST_CHARS = 64_000;

  private final RedactionMode answers;
  private final List<String> detectors;
  private final Map<String, List<String>> patterns;
  private final Map<String, List<String>> words;
  private volatile @Nullable Redactor redactor;

  private RedactionRules(
      RedactionMode answers,
      List<String> detectors,
      Map<String, List<String>> patterns,
      Map<String, List<String>> words) {
    this.answers = answers;
    this.detectors = List.copyOf(detectors);
    this.patterns = copy(patterns);
    this.words = copy(words);
  }

  private static Map<String, List<String>> copy(Map<String, List<String>> lists) {
    Map<String, List<String>> copy = new TreeMap<>();
    lists.forEach((kind, list) -> copy.put(kind, List.copyOf(list)));
    return copy;
  }

  /** What happens to what a model's answer holds; never {@code PSEUDONYMISE}. */
  public RedactionMode answers() {
    return answers;
  }

  /** The detectors. */
  public Redactor redactor() {
    Redactor known = redactor;
    if (known == null) {
      known = detectors.isEmpty() && patterns.isEmpty() && words.isEmpty() ? STANDARD_ALL : make();
      redactor = known;
    }
    return known;
  }

  private Redactor make() {
    List<Detector> own = new ArrayList<>();
    patterns.forEach(
        (kind, list) -> list.forEach(pattern -> own.add(new PatternDetector(kind, pattern))));
    words.forEach((kind, list) -> own.add(new DictionaryDetector(kind, list)));
    return Redactor.with(own, detectors);
  }

  /** These rules inside a bound: what either looks for, and the tighter way with answers. */
  public RedactionRules within(RedactionRules bound) {
    if (equals(bound) || bound.equals(STANDARD)) {
      return this;
    }
    Set<String> all = new LinkedHashSet<>(detectors);
    all.addAll(bound.detectors);
    boolean every = detectors.isEmpty() || bound.detectors.isEmpty();
    return new RedactionRules(
        ANSWERS.indexOf(answers) >= ANSWERS.indexOf(bound.answers) ? answers : bound.answers,
        every ? List.of() : List.copyOf(all),
        both(patterns, bound.patterns),
        both(words, bound.words));
  }

  private static Map<String, List<String>> both(
      Map<String, List<String>> a, Map<String, List<String>> b) {
    Map<String, List<String>> all = new TreeMap<>(a);
    b.forEach(
        (kind, list) ->
            all.merge(
                kind,
                list,
                (x, y) -> {
                  Set<String> set = new LinkedHashSet<>(x);
                  set.addAll(y);
                  return List.copyOf(set);
                }));
    return all;
  }

  /** Adds what differs from {@link #STANDARD} to a policy's JSON. */
  public void write(ObjectNode json) {
    if (answers != RedactionMode.OFF) {
      json.put("redaction_answers", answers.text());
    }
    if (!detectors.isEmpty()) {
      detectors.forEach(json.putArray("redaction_detectors")::add);
    }
    write(json, "redaction_patterns", patterns);
    write(json, "redaction_words", words);
  }

  private static void write(ObjectNode json, String name, Map<String, List<String>> lists) {
    if (!lists.isEmpty()) {
      ObjectNode object = json.putObject(name);
      lists.forEach((kind, list) -> list.forEach(object.withArray(kind)::add));
    }
  }

  /**
   * These rules with the fields of a policy's JSON in place of their own.
   *
   * @throws FormatException when one cannot be used
   */
  public RedactionRules with(JsonNode json) {
    if (FIELDS.stream().noneMatch(json::has)) {
      return this;
    }
    RedactionRules rules =
        new RedactionRules(
            answers(json.get("redaction_answers"), answers),
            detectors(json.get("redaction_detectors"), detectors),
            lists(json, "redaction_patterns", patterns, RedactionRules::pattern),
            lists(json, "redaction_words", words, (kind, word) -> word));
    rules.requireBounded();
    // Detectors say what is wrong with patterns and words.
    rules.redactor();
    return rules;
  }

  private static RedactionMode answers(@Nullable JsonNode value, RedactionMode fallback) {
    if (value == null) {
      return fallback;
    }
    for (RedactionMode mode : ANSWERS) {
      if (value.isString() && mode.text().equals(value.stringValue())) {
        return mode;
      }
    }
    throw new FormatException(
        "policy.redaction_answers", "must be one of off, detect, mask, block");
  }

  private static List<String> detectors(@Nullable JsonNode value, List<String> fallback) {
    if (value == null) {
      return fallback;
    }
    List<String> known = Redactor.standard().kinds();
    List<String> kinds = new ArrayList<>();
    for (JsonNode kind : value) {
      kinds.add(kind.asString(""));
    }
    if (!value.isArray() || !known.containsAll(kinds)) {
      throw new FormatException(
          "policy.redaction_detectors", "must be a list of " + String.join(", ", known));
    }
    return kinds;
  }

  private static Map<String, List<String>> lists(
      JsonNode json,
      String name,
      Map<String, List<String>> fallback,
      BiFunction<String, String, String> check) {
    JsonNode value = json.get(name);
    if (value == null) {
      return fallback;
    }
    if (!value.isObject()) {
      throw new FormatException("policy." + name, "must be an object of lists by kind");
    }
    Map<String, List<String>> lists = new TreeMap<>();
    for (String kind : value.propertyNames()) {
      List<String> list = new ArrayList<>();
      JsonNode given = value.get(kind);
      if (!given.isArray() || given.valueStream().anyMatch(item -> !item.isString())) {
        throw new FormatException("policy." + name + "." + kind, "must be a list of texts");
      }
      given.forEach(item -> list.add(check.apply(kind, item.stringValue())));
      if (!list.isEmpty()) {
        lists.put(kind, list);
      }
    }
    return lists;
  }

  private static String pattern(String kind, String pattern) {
    if (pattern.isEmpty() || pattern.length() > MOST_PATTERN) {
      throw new FormatException(
          "policy.redaction_patterns." + kind, "must have 1 to " + MOST_PATTERN + " characters");
    }
    return pattern;
  }

  private void requireBounded() {
    int patternCount = patterns.values().stream().mapToInt(List::size).sum();
    if (patterns.size() > MOST_KINDS || patternCount > MOST_PATTERNS) {
      throw new FormatException(
          "policy.redaction_patterns",
          "must be at most " + MOST_PATTERNS + " in " + MOST_KINDS + " kinds");
    }
    int wordCount = words.values().stream().mapToInt(List::size).sum();
    int chars = words.values().stream().flatMap(List::stream).mapToInt(String::length).sum();
    if (words.size() > MOST_KINDS || wordCount > MOST_WORDS || chars > MOST_CHARS) {
      throw new FormatException(
          "policy.redaction_words",
          "must be at most " + MOST_WORDS + " with " + MOST_CHARS + " characters in all");
    }
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return this == other
        || (other instanceof RedactionRules that
            && answers == that.answers
            && detectors.equals(that.detectors)
            && patterns.equals(that.patterns)
            && words.equals(that.words));
  }

  @Override
  public int hashCode() {
    return Objects.hash(answers, detectors, patterns, words);
  }

  @Override
  public String toString() {
    return "RedactionRules[answers=" + answers.text() + "]";
  }
}
