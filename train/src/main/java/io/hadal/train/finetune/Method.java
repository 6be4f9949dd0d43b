package io.hadal.train.finetune;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What a fine-tuning run changes. */
public enum Method {
  /** Narrow matrices beside the weights; the result is an adapter. */
  LORA,
  /** All weights. */
  FULL,
  /** The drafter for speculative decoding; the model's predictions stay. */
  DRAFTER;

  /** Name in files. */
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  static @Nullable Method labelled(String label) {
    for (Method m : values()) {
      if (m.label().equals(label)) {
        return m;
      }
    }
    return null;
  }
}
