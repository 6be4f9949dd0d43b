package io.hadal.formats.weights;

import io.hadal.kernels.StorageType;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The dtype names of safetensors headers; those that Hadal reads equal the storage types. */
final class SafetensorsDtype {
  private static final Set<StorageType> TYPES =
      EnumSet.of(
          StorageType.F64,
          StorageType.F32,
          StorageType.F16,
          StorageType.BF16,
          StorageType.F8_E4M3,
          StorageType.F8_E8M0,
          StorageType.I64,
          StorageType.I32,
          StorageType.I16,
          StorageType.I8,
          StorageType.U8,
          StorageType.BOOL);

  private SafetensorsDtype() {}

  static @Nullable StorageType parse(String name) {
    for (StorageType type : TYPES) {
      if (type.name().equals(name)) {
        return type;
      }
    }
    return null;
  }

  static boolean isStorable(StorageType type) {
    return TYPES.contains(type);
  }

  /** All names, for messages. */
  static String names() {
    return TYPES.toString();
  }
}
