package io.hadal.model.synthetic;

import io.hadal.kernels.StorageType;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How the matrices of a model are stored. Norms and other vectors, routers and mixing matrices are
 * F32 whatever the mix, compressors and what weighs entries BF16.
 *
 * @param experts gate and up matrices of routed experts
 * @param down down matrices of routed experts
 * @param rest projections of attention, shared experts, embedding and head
 */
public record StorageMix(StorageType experts, StorageType down, StorageType rest) {
  private enum Part {
    EXPERTS,
    DOWN,
    REST
  }

  private static final Map<String, StorageType> SHORT =
      Map.of("FP8", StorageType.F8_E4M3, "FP4", StorageType.FP4_E2M1);

  /** The same type everywhere. */
  public static StorageMix of(StorageType type) {
    return new StorageMix(type, type, type);
  }

  /**
   * Reads {@code experts=IQ2_XXS,down=Q2_K,rest=Q8_0}; {@code down} is {@code experts} when left
   * out.
   *
   * @throws IllegalArgumentException with a message for the user
   */
  public static StorageMix parse(String text) {
    Map<Part, StorageType> parts = new EnumMap<>(Part.class);
    for (String item : text.split(",", -1)) {
      int equals = item.indexOf('=');
      String name = equals < 0 ? item : item.substring(0, equals);
      Part part = part(name.strip());
      if (equals < 0 || part == null) {
        throw new IllegalArgumentException(
            "'" + item + "' is none of experts=TYPE, down=TYPE and rest=TYPE");
      }
      if (parts.put(part, type(item.substring(equals + 1).strip())) != null) {
        throw new IllegalArgumentException("names " + name.strip() + " twice");
      }
    }
    StorageType experts = parts.get(Part.EXPERTS);
    StorageType rest = parts.get(Part.REST);
    if (experts == null || rest == null) {
      throw new IllegalArgumentException("needs experts=TYPE and rest=TYPE");
    }
    return new StorageMix(experts, parts.getOrDefault(Part.DOWN, experts), rest);
  }

  private static @Nullable Part part(String name) {
    for (Part part : Part.values()) {
      if (part.name().equalsIgnoreCase(name)) {
        return part;
      }
    }
    return null;
  }

  /**
   * The type of a name in any case, FP8 and FP4 included.
   *
   * @throws IllegalArgumentException for another name, with all names
   */
  public static StorageType type(String name) {
    String upper = name.toUpperCase(Locale.ROOT);
    List<String> known = new ArrayList<>();
    for (StorageType type : StorageType.values()) {
      if (type.isMatrixWeight()) {
        if (type.name().equals(upper)) {
          return type;
        }
        known.add(type.name());
      }
    }
    StorageType brief = SHORT.get(upper);
    if (brief == null) {
      throw new IllegalArgumentException(
          "'" + name + "' is no type of weights; there are " + String.join(", ", known));
    }
    return brief;
  }

  @Override
  public String toString() {
    return "experts=" + experts + ",down=" + down + ",rest=" + rest;
  }
}
