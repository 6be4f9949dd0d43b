package io.hadal.cli;

import io.hadal.formats.weights.StoredTensor;
import io.hadal.formats.weights.TensorStore;
import io.hadal.kernels.StorageType;
import io.hadal.model.config.EngramConfig;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.config.MoeConfig;
import io.hadal.model.engram.TableLayout;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Parameters of a checkpoint as the field counts them: embedding and output head included, scales
 * of quantised tensors and lookup tables not.
 *
 * @param total parameters of the trunk
 * @param active those of the trunk that one token uses
 * @param routed those of routed experts
 * @param engram those of n-gram tables
 * @param drafters parameters of the drafting layers, counted by themselves
 * @param vision parameters of the image tower, counted by themselves
 */
record ParameterCount(
    long total, long active, long routed, long engram, long drafters, long vision) {
  private static final Pattern LAYER = Pattern.compile("(?:^|\\.)(?:blk|layers)\\.(\\d{1,6})\\.");
  private static final Pattern EXPERT = Pattern.compile("\\.experts\\.|_exps\\.");
  private static final Pattern VISION = Pattern.compile("^(vision|aligner)\\.|^image_");
  private static final Pattern DRAFTER = Pattern.compile("(?:^|\\.)mtp\\.");

  static ParameterCount of(TensorStore store, ModelConfig config) {
    long total = 0;
    long routed = 0;
    long drafters = 0;
    long engram = 0;
    long vision = 0;
    for (String name : store.names()) {
      StoredTensor tensor = store.find(name);
      if (tensor == null || !counts(tensor, store)) {
        continue;
      }
      long n = parameters(tensor);
      if (isDrafter(name, config.layers().size())) {
        drafters += n;
      } else if (VISION.matcher(name).find()) {
        vision += n;
      } else {
        total += n;
        routed += EXPERT.matcher(name).find() ? n : 0;
        engram += TableLayout.isTable(name) ? n : 0;
      }
    }
    MoeConfig moe = config.layers().getFirst().moe();
    long used = moe.dense() ? 0 : routed / moe.experts() * moe.activeExperts();
    EngramConfig grams = config.engram();
    long read = grams == null ? 0 : (long) grams.layers().size() * grams.width();
    return new ParameterCount(
        total, total - routed + used - engram + read, routed, engram, drafters, vision);
  }

  /**
   * Share of the parameters a token leaves unused that routed experts hold (the sparsity law's
   * rho).
   */
  double allocation(ModelConfig config) {
    MoeConfig moe = config.layers().getFirst().moe();
    double experts = moe.dense() ? 0 : routed * (1 - (double) moe.activeExperts() / moe.experts());
    return experts / (experts + engram);
  }

  private static boolean counts(StoredTensor tensor, TensorStore store) {
    return switch (tensor.type()) {
      case I64, I32, I16, BOOL, F8_E8M0 -> false;
      default -> !isScale(tensor.name(), store);
    };
  }

  /** Scales stand beside their weight; the mHC scales are parameters and stand alone. */
  private static boolean isScale(String name, TensorStore store) {
    for (String suffix : new String[] {".weight_scale_inv", ".weight.scale", ".scale"}) {
      if (name.endsWith(suffix)) {
        String weight = name.substring(0, name.length() - suffix.length()) + ".weight";
        return store.find(weight) != null;
      }
    }
    return false;
  }

  /** Packed FP4 is declared as bytes that hold two values each. */
  private static long parameters(StoredTensor tensor) {
    boolean packed = tensor.type() == StorageType.I8 || tensor.type() == StorageType.U8;
    return packed ? Math.multiplyExact(tensor.elements(), 2L) : tensor.elements();
  }

  private static boolean isDrafter(String name, int trunkLayers) {
    if (DRAFTER.matcher(name).find()) {
      return true;
    }
    Matcher layer = LAYER.matcher(name);
    return layer.find() && Integer.parseInt(layer.group(1)) >= trunkLayers;
  }

  /** A count in the unit that reads best. */
  static String readable(long count) {
    if (count < 10_000) {
      return Long.toString(count);
    }
    double v = count;
    for (String unit : new String[] {"K", "M", "B"}) {
      v /= 1000;
      if (v < 1000) {
        return String.format(Locale.ROOT, "%.2f %s", v, unit);
      }
    }
    return String.format(Locale.ROOT, "%.2f T", v / 1000);
  }
}
