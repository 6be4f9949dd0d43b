package io.hadal.formats.weights;

import io.hadal.kernels.StorageType;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Entry of a GGUF tensor list, also of a type that cannot be decoded.
 *
 * @param typeId GGML type id
 * @param shape outermost dimension first
 * @param offset bytes from the start of the file's data section
 * @param bytes stored size, -1 when the type's size is unknown
 * @param file file that holds the tensor
 */
public record GgufTensorInfo(
    String name, int typeId, List<Long> shape, long offset, long bytes, Path file) {

  public GgufTensorInfo {
    shape = List.copyOf(shape);
  }

  /** Name of the type, {@code unknown} for an id that is not in {@link GgmlType}. */
  public String typeName() {
    GgmlType type = GgmlType.of(typeId);
    return type == null ? "unknown" : type.name();
  }

  /** The layout for the kernels, or null when Hadal cannot decode it. */
  public @Nullable StorageType storage() {
    GgmlType type = GgmlType.of(typeId);
    return type == null ? null : type.storage();
  }
}
