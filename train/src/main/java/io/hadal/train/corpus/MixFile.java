package io.hadal.train.corpus;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/**
 * A file with a mix and how documents become tokens: an object with any of {@code shares}, {@code
 * tokens}, {@code max_repeats}, {@code pack_tokens}, {@code comment_share}, {@code
 * tasks_per_project}, {@code fim_rate}, {@code spm_share}, {@code short_holes}, {@code fim_window},
 * {@code name_rate}, {@code languages}, {@code seed}.
 */
public record MixFile(TrainingMix mix, EncodingOptions options) {
  private static final long MAX_BYTES = 1 << 16;

  /**
   * Reads a file.
   *
   * @param base what holds where the file says nothing
   * @throws FormatException naming the key that is wrong or unknown
   */
  public static MixFile read(Path file, EncodingOptions base) {
    return new Reader(file.toString(), Json.parse(file, MAX_BYTES)).read(base);
  }

  private static final class Reader {
    private final String source;
    private final JsonNode root;
    private final Set<String> known = new HashSet<>();

    Reader(String source, JsonNode root) {
      this.source = source;
      this.root = root;
      if (!root.isObject()) {
        throw new FormatException(source, "is no JSON object");
      }
    }

    MixFile read(EncodingOptions base) {
      TrainingMix standard = TrainingMix.defaults();
      Map<TrainingPart, Double> shares = shares(standard.shares());
      Map<Language, Double> languages = languages(base.mix());
      try {
        TrainingMix mix =
            new TrainingMix(
                shares,
                whole("tokens", standard.tokens(), 0, 1L << 50),
                (int) whole("max_repeats", standard.maxRepeats(), 1, 100),
                (int) whole("pack_tokens", standard.packTokens(), 64, 1 << 20),
                number("comment_share", standard.commentShare()),
                (int) whole("tasks_per_project", standard.tasksPerProject(), 1, 1 << 20));
        EncodingOptions options =
            new EncodingOptions(
                number("fim_rate", base.fimRate()),
                number("spm_share", base.spmShare()),
                number("short_holes", base.shortShare()),
                (int) whole("fim_window", base.fimWindow(), 64, 1 << 20),
                number("name_rate", base.nameRate()),
                languages,
                whole("seed", base.seed(), Long.MIN_VALUE, Long.MAX_VALUE),
                base.threads());
        refuseUnknown(root, known, "");
        return new MixFile(mix, options);
      } catch (IllegalArgumentException e) {
        throw new FormatException(source, String.valueOf(e.getMessage()), e);
      }
    }

    private Map<TrainingPart, Double> shares(Map<TrainingPart, Double> standard) {
      JsonNode node = object("shares");
      Map<TrainingPart, Double> shares = new EnumMap<>(TrainingPart.class);
      Set<String> names = new HashSet<>();
      for (TrainingPart part : TrainingPart.values()) {
        names.add(part.label());
        if (node.has(part.label())) {
          shares.put(part, number(node, part.label(), 0));
        }
      }
      refuseUnknown(node, names, "shares.");
      return node.isMissingNode() ? standard : shares;
    }

    private Map<Language, Double> languages(Map<Language, Double> base) {
      JsonNode node = object("languages");
      Map<Language, Double> repeats = new EnumMap<>(Language.class);
      Set<String> names = new HashSet<>();
      for (Language language : Language.values()) {
        names.add(language.label());
        if (node.has(language.label())) {
          repeats.put(language, number(node, language.label(), 1));
        }
      }
      refuseUnknown(node, names, "languages.");
      return node.isMissingNode() ? base : repeats;
    }

    private JsonNode object(String name) {
      known.add(name);
      JsonNode node = root.path(name);
      if (!node.isMissingNode() && !node.isObject()) {
        throw new FormatException(source, name + " must be an object");
      }
      return node;
    }

    private double number(String name, double standard) {
      known.add(name);
      return number(root, name, standard);
    }

    private double number(JsonNode from, String name, double standard) {
      JsonNode node = from.path(name);
      if (!node.isMissingNode() && !node.isNumber()) {
        throw new FormatException(source, name + " must be a number, not " + node);
      }
      return node.asDouble(standard);
    }

    private long whole(String name, long standard, long least, long most) {
      known.add(name);
      JsonNode node = root.path(name);
      if (node.isMissingNode()) {
        return standard;
      }
      if (!node.isIntegralNumber()
          || !node.canConvertToLong()
          || node.longValue() < least
          || node.longValue() > most) {
        throw new FormatException(
            source, name + " must be a whole number " + least + ".." + most + ", not " + node);
      }
      return node.longValue();
    }

    private void refuseUnknown(JsonNode node, Set<String> names, String prefix) {
      for (Map.Entry<String, JsonNode> e : node.properties()) {
        if (!names.contains(e.getKey())) {
          throw new FormatException(
              source,
              "unknown key "
                  + prefix
                  + e.getKey()
                  + "; known: "
                  + String.join(", ", new TreeSet<>(names)));
        }
      }
    }
  }
}
