package io.hadal.train.finetune;

import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Which matrices an adapter changes. */
public enum Target {
  /** Queries, keys and values, compressors, output. Indexers keep to what they were. */
  ATTENTION("layers\\.\\d+\\.attn\\.(wq_a|wq_b|wkv|wo_a|wo_b|compressor\\.(wkv|wgate))\\.weight"),
  /** Every routed expert; routers stay. */
  EXPERTS("layers\\.\\d+\\.ffn\\.experts\\.\\d+\\.w[123]\\.weight"),
  /** The shared experts. */
  SHARED("layers\\.\\d+\\.ffn\\.shared_experts\\.w[123]\\.weight"),
  /** Projections of the n-gram memory, and the rows of its tables that the text looks up. */
  ENGRAM("layers\\.\\d+\\.engram\\.(wkv|embed)\\.weight"),
  /** The output matrix. */
  HEAD("head\\.weight");

  private final Pattern names;

  Target(String names) {
    this.names = Pattern.compile(names);
  }

  boolean concerns(String parameter) {
    return names.matcher(parameter).matches();
  }

  /** Name in options and files. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The target with this label, null if there is none. */
  public static @Nullable Target labelled(String label) {
    return Arrays.stream(values()).filter(t -> t.label().equals(label)).findFirst().orElse(null);
  }

  /** All labels, for messages. */
  public static String labels() {
    return Arrays.stream(values()).map(Target::label).collect(Collectors.joining(", "));
  }
}
