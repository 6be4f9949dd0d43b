package io.hadal.engine.tiny;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Released names to those of the transformers library, spelled out from spec 6.6. */
final class TransformersNames {
  private static final Pattern LAYER = Pattern.compile("((?:layers|mtp)\\.\\d+\\.)(.*)");

  private TransformersNames() {}

  static String translate(String name) {
    Matcher m = LAYER.matcher(name);
    if (m.matches()) {
      return "model." + m.group(1) + local(m.group(2));
    }
    return switch (name) {
      case "head.weight" -> "lm_head.weight";
      case "embed.weight" -> "model.embed_tokens.weight";
      default -> "model." + local(name);
    };
  }

  private static String local(String name) {
    if (name.startsWith("hc_head_")) {
      return "hc_head.hc_" + name.substring("hc_head_".length());
    }
    if (name.startsWith("hc_")) {
      String[] parts = name.split("_");
      return parts[1] + "_hc." + parts[2];
    }
    if (name.startsWith("ffn.")) {
      return "mlp."
          + name.substring(4)
              .replace("shared_experts.w1", "shared_experts.gate_proj")
              .replace("shared_experts.w2", "shared_experts.down_proj")
              .replace("shared_experts.w3", "shared_experts.up_proj")
              .replace("gate.bias", "gate.e_score_correction_bias");
    }
    if (name.startsWith("attn.")) {
      return "self_attn." + attention(name.substring(5));
    }
    return switch (name) {
      case "attn_norm.weight" -> "input_layernorm.weight";
      case "ffn_norm.weight" -> "post_attention_layernorm.weight";
      default -> name;
    };
  }

  private static String attention(String name) {
    if (name.startsWith("indexer.")) {
      return "compressor.indexer."
          + compressor(name.substring("indexer.".length()).replace("compressor.", ""))
              .replace("wq_b.", "q_b_proj.");
    }
    if (name.startsWith("compressor.")) {
      return "compressor." + compressor(name.substring("compressor.".length()));
    }
    return switch (name) {
      case "attn_sink" -> "sinks";
      case "q_norm.weight" -> "q_a_norm.weight";
      case "kv_norm.weight" -> name;
      case "wkv.weight" -> "kv_proj.weight";
      default -> name.replaceFirst("w([qo]_[ab])", "$1_proj");
    };
  }

  private static String compressor(String name) {
    return switch (name) {
      case "wkv.weight" -> "kv_proj.weight";
      case "wgate.weight" -> "gate_proj.weight";
      case "ape" -> "position_bias";
      case "norm.weight" -> "kv_norm.weight";
      default -> name;
    };
  }
}
