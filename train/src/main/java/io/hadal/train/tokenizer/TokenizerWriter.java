package io.hadal.train.tokenizer;

import io.hadal.formats.prompt.SpecialTokens;
import io.hadal.formats.tokenizer.ByteAlphabet;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Writes a trained vocabulary as tokenizer.json and tokenizer_config.json. */
final class TokenizerWriter {
  private static final int BYTES = 256;

  private final List<BpeTrainer.Merge> merges;
  private final List<String> symbols = new ArrayList<>();

  TokenizerWriter(List<BpeTrainer.Merge> merges) {
    this.merges = merges;
    for (int b = 0; b < BYTES; b++) {
      symbols.add(String.valueOf(ByteAlphabet.toChar(b)));
    }
    for (BpeTrainer.Merge merge : merges) {
      symbols.add(symbols.get(merge.left()) + symbols.get(merge.right()));
    }
  }

  /** Number of tokens that are not merges. */
  static int fixedTokens() {
    return SpecialVocabulary.FIRST.size() + BYTES + SpecialVocabulary.last().size();
  }

  byte[] tokenizerJson(List<String> stages) {
    ObjectNode root = JsonMapper.shared().createObjectNode();
    root.put("version", "1.0").putNull("truncation").putNull("padding");
    ArrayNode added = root.putArray("added_tokens");
    ObjectNode model = JsonMapper.shared().createObjectNode();
    model.put("type", "BPE").putNull("dropout").putNull("unk_token");
    model.putNull("continuing_subword_prefix").putNull("end_of_word_suffix");
    model.put("fuse_unk", false).put("byte_fallback", false);
    ObjectNode vocab = model.putObject("vocab");
    int id = 0;
    for (String token : SpecialVocabulary.FIRST) {
      vocab.put(token, id);
      added(added, id++, token, true);
    }
    for (String symbol : symbols) {
      vocab.put(symbol, id++);
    }
    for (String token : SpecialVocabulary.last()) {
      added(added, id++, token, false);
    }
    ArrayNode rules = model.putArray("merges");
    for (BpeTrainer.Merge merge : merges) {
      rules.add(symbols.get(merge.left()) + " " + symbols.get(merge.right()));
    }
    root.putNull("normalizer");
    ArrayNode pre =
        root.putObject("pre_tokenizer").put("type", "Sequence").putArray("pretokenizers");
    for (String stage : stages) {
      ObjectNode split = pre.addObject().put("type", "Split");
      split.putObject("pattern").put("Regex", stage);
      split.put("behavior", "Isolated").put("invert", false);
    }
    byteLevel(pre.addObject(), false);
    root.putNull("post_processor");
    byteLevel(root.putObject("decoder"), true);
    root.set("model", model);
    return pretty(root);
  }

  byte[] configJson() {
    ObjectNode root = JsonMapper.shared().createObjectNode();
    root.put("add_bos_token", false).put("add_eos_token", false);
    root.put("bos_token", SpecialTokens.BOS).put("eos_token", SpecialTokens.EOS);
    root.put("pad_token", SpecialVocabulary.PAD);
    root.put("clean_up_tokenization_spaces", false);
    root.put("tokenizer_class", "PreTrainedTokenizerFast");
    return pretty(root);
  }

  private static byte[] pretty(ObjectNode root) {
    return JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsBytes(root);
  }

  private static void byteLevel(ObjectNode node, boolean regex) {
    node.put("type", "ByteLevel").put("add_prefix_space", false);
    node.put("trim_offsets", true).put("use_regex", regex);
  }

  private static void added(ArrayNode list, int id, String token, boolean special) {
    list.addObject()
        .put("id", id)
        .put("content", token)
        .put("single_word", false)
        .put("lstrip", false)
        .put("rstrip", false)
        .put("normalized", false)
        .put("special", special);
  }
}
