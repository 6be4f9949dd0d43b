package io.hadal.formats.tokenizer;

import io.hadal.formats.FormatException;
import io.hadal.formats.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Reads {@code tokenizer.json}. Post-processor, truncation and padding are not looked at: they only
 * matter for adding BOS/EOS and for batching, which are not the tokenizer's here.
 */
final class TokenizerJson {
  private static final long MAX_BYTES = 64L << 20;
  private static final String BOS = "<｜begin▁of▁sentence｜>";
  private static final String EOS = "<｜end▁of▁sentence｜>";

  private final String source;
  private final JsonNode root;

  private TokenizerJson(String source, JsonNode root) {
    this.source = source;
    this.root = root;
  }

  static Tokenizer read(Path file) {
    String source = file.toString();
    JsonNode root = Json.parse(file, MAX_BYTES);
    Path config = file.resolveSibling("tokenizer_config.json");
    JsonNode configRoot = Files.exists(config) ? Json.parse(config, MAX_BYTES) : null;
    return new TokenizerJson(source, root).tokenizer(configRoot, config.toString());
  }

  static Tokenizer read(byte[] utf8, String source) {
    if (utf8.length > MAX_BYTES) {
      throw new FormatException(
          source, utf8.length + " bytes of JSON, more than the limit of " + MAX_BYTES);
    }
    return new TokenizerJson(source, Json.parse(utf8, source)).tokenizer(null, source);
  }

  private Tokenizer tokenizer(@Nullable JsonNode config, String configSource) {
    if (!root.isObject()) {
      throw new FormatException(source, "is not a JSON object");
    }
    checkNormalizer(root.path("normalizer"));
    PreTokenizer preTokenizer = preTokenizer(root.path("pre_tokenizer"));
    checkDecoder(root.path("decoder"));
    JsonNode model = root.path("model");
    checkModel(model);
    Vocabulary vocabulary = vocabulary(model.path("vocab"));
    BytePairEncoder encoder =
        merges(model.path("merges"), vocabulary)
            .encoder(flag(model, "ignore_merges", "model.ignore_merges"));
    if (config == null) {
      return new Tokenizer(
          vocabulary, preTokenizer, encoder, vocabulary.id(BOS), vocabulary.id(EOS), false);
    }
    TokenizerJson settings = new TokenizerJson(configSource, config);
    return new Tokenizer(
        vocabulary,
        preTokenizer,
        encoder,
        settings.namedToken("bos_token", vocabulary),
        settings.namedToken("eos_token", vocabulary),
        settings.flag(config, "add_bos_token", "add_bos_token"));
  }

  private void checkNormalizer(JsonNode normalizer) {
    boolean none =
        isNull(normalizer)
            || (type(normalizer).equals("Sequence")
                && normalizer.path("normalizers").isArray()
                && normalizer.path("normalizers").isEmpty());
    if (!none) {
      throw unsupported("normalizer", type(normalizer), "none");
    }
  }

  private PreTokenizer preTokenizer(JsonNode node) {
    List<JsonNode> parts = new ArrayList<>();
    if (type(node).equals("Sequence")) {
      node.path("pretokenizers").forEach(parts::add);
    } else if (!isNull(node)) {
      parts.add(node);
    }
    List<String> stages = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      JsonNode part = parts.get(i);
      String field = "pre_tokenizer.pretokenizers[" + i + "]";
      boolean last = i == parts.size() - 1;
      if (last && type(part).equals("ByteLevel")) {
        require(part, "add_prefix_space", false, true, field);
        require(part, "use_regex", false, true, field);
        return PreTokenizers.ofStages(stages, source);
      }
      if (last || !type(part).equals("Split")) {
        throw unsupported(field, type(part), "splits followed by ByteLevel");
      }
      JsonNode regex = part.path("pattern").path("Regex");
      if (!regex.isString()) {
        throw unsupported(field + ".pattern", "a pattern without Regex", "Regex");
      }
      if (!text(part, "behavior").equals("Isolated")) {
        throw unsupported(field + ".behavior", text(part, "behavior"), "Isolated");
      }
      require(part, "invert", false, false, field);
      stages.add(regex.stringValue());
    }
    throw unsupported("pre_tokenizer", "none", "splits followed by ByteLevel");
  }

  private void checkDecoder(JsonNode decoder) {
    JsonNode inner = decoder;
    if (type(decoder).equals("Sequence") && decoder.path("decoders").size() == 1) {
      inner = decoder.path("decoders").path(0);
    }
    if (!isNull(inner) && !type(inner).equals("ByteLevel")) {
      throw unsupported("decoder", type(inner), "ByteLevel");
    }
  }

  private void checkModel(JsonNode model) {
    if (!model.isObject()) {
      throw new FormatException(source, "model is missing or not an object");
    }
    if (!text(model, "type").equals("BPE")) {
      throw unsupported("model.type", text(model, "type"), "BPE");
    }
    require(model, "byte_fallback", false, false, "model");
    for (String name : List.of("continuing_subword_prefix", "end_of_word_suffix")) {
      JsonNode affix = model.path(name);
      if (!isNull(affix) && !(affix.isString() && affix.stringValue().isEmpty())) {
        throw unsupported("model." + name, affix.toString(), "none");
      }
    }
    JsonNode dropout = model.path("dropout");
    if (!isNull(dropout) && !(dropout.isNumber() && dropout.doubleValue() == 0)) {
      throw unsupported("model.dropout", dropout.toString(), "none");
    }
  }

  private Vocabulary vocabulary(JsonNode vocab) {
    if (!vocab.isObject()) {
      throw new FormatException(source, "model.vocab is missing or not an object");
    }
    Vocabulary.Builder builder = new Vocabulary.Builder(source);
    for (Map.Entry<String, JsonNode> entry : vocab.properties()) {
      Supplier<String> field = () -> "model.vocab[" + Quote.of(entry.getKey()) + "]";
      builder.addOrdinary(id(entry.getValue(), field), entry.getKey(), field);
    }
    JsonNode added = root.path("added_tokens");
    if (!isNull(added) && !added.isArray()) {
      throw new FormatException(source, "added_tokens is not an array");
    }
    for (int i = 0; i < added.size(); i++) {
      JsonNode token = added.path(i);
      String field = "added_tokens[" + i + "]";
      if (!token.path("content").isString()) {
        throw new FormatException(source, field + ".content is missing or not a string");
      }
      for (String name : List.of("single_word", "lstrip", "rstrip")) {
        require(token, name, false, false, field);
      }
      boolean special = flag(token, "special", field + ".special");
      builder.addAdded(
          id(token.path("id"), () -> field + ".id"), text(token, "content"), special, () -> field);
    }
    return builder.build();
  }

  private MergeRules merges(JsonNode list, Vocabulary vocabulary) {
    if (!list.isArray()) {
      throw new FormatException(source, "model.merges is missing or not an array");
    }
    MergeRules merges = new MergeRules(source, vocabulary, list.size());
    for (int i = 0; i < list.size(); i++) {
      JsonNode merge = list.path(i);
      if (merge.isString()) {
        merges.add(merge.stringValue());
      } else if (merge.size() == 2 && merge.path(0).isString() && merge.path(1).isString()) {
        merges.add(merge.path(0).stringValue(), merge.path(1).stringValue());
      } else {
        throw new FormatException(
            source, "model.merges[" + i + "] is neither \"left right\" nor [left, right]");
      }
    }
    return merges;
  }

  /** A token of tokenizer_config.json, given as its text or as an object with its content. */
  private OptionalInt namedToken(String field, Vocabulary vocabulary) {
    JsonNode node = root.path(field);
    JsonNode content = node.isObject() ? node.path("content") : node;
    if (isNull(content)) {
      return OptionalInt.empty();
    }
    if (!content.isString()) {
      throw new FormatException(source, field + " is neither text nor an object with content");
    }
    OptionalInt id = vocabulary.id(content.stringValue());
    if (id.isEmpty()) {
      throw new FormatException(
          source, field + " = " + Quote.of(content.stringValue()) + " is not in tokenizer.json");
    }
    return id;
  }

  private long id(JsonNode node, Supplier<String> field) {
    if (!node.isIntegralNumber() || !node.canConvertToLong()) {
      throw new FormatException(source, field.get() + " is not an integer id");
    }
    return node.longValue();
  }

  private boolean flag(JsonNode node, String name, String field) {
    JsonNode flag = node.path(name);
    if (isNull(flag)) {
      return false;
    }
    if (!flag.isBoolean()) {
      throw new FormatException(source, field + " is not true or false");
    }
    return flag.booleanValue();
  }

  private void require(JsonNode node, String name, boolean value, boolean absent, String field) {
    JsonNode flag = node.path(name);
    if (isNull(flag) ? absent != value : !flag.isBoolean() || flag.booleanValue() != value) {
      throw unsupported(
          field + "." + name, isNull(flag) ? "absent" : flag.toString(), String.valueOf(value));
    }
  }

  private FormatException unsupported(String field, String found, String supported) {
    return new FormatException(
        source, field + ": " + Quote.of(found) + " is not supported; supported is " + supported);
  }

  private static boolean isNull(JsonNode node) {
    return node.isMissingNode() || node.isNull();
  }

  private static String type(JsonNode node) {
    return text(node, "type");
  }

  private static String text(JsonNode node, String name) {
    JsonNode text = node.path(name);
    return text.isString() ? text.stringValue() : "";
  }
}
