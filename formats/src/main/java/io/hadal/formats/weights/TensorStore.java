package io.hadal.formats.weights;

import io.hadal.formats.FormatException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The named tensors of one checkpoint, mapped, never copied. Closing unmaps: no view may be used
 * afterwards.
 */
public interface TensorStore extends AutoCloseable {

  /** Path that was opened, for messages. */
  Path source();

  /** Files that hold the tensors. */
  List<Path> files();

  /** All tensor names in file order. */
  Set<String> names();

  /** The tensor, or null. */
  @Nullable StoredTensor find(String name);

  /**
   * The tensor.
   *
   * @throws FormatException when there is none
   */
  default StoredTensor get(String name) {
    StoredTensor tensor = find(name);
    if (tensor == null) {
      throw new FormatException(source().toString(), "tensor " + name + " is missing");
    }
    return tensor;
  }

  /**
   * Where the tensor lies on disk.
   *
   * @throws FormatException when there is none or its size is unknown
   */
  TensorLocation fileOf(String name);

  @Override
  void close();
}
