package io.hadal.formats.weights;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.TreeSet;

/** A name for the weights of a checkpoint that follows from what they are, not where they lie. */
public final class TensorDigest {
  /** A byte buffer cannot be longer than an array. */
  private static final long PIECE = 1 << 28;

  private static final int SAMPLED_TENSORS = 1024;
  private static final long SAMPLED_BYTES = 1024;

  private TensorDigest() {}

  /**
   * SHA-256 over name, type, shape and bytes of all tensors in the order of their names. It is the
   * same for any split into files, another one for every container that names or stores tensors
   * differently.
   *
   * @return 64 hexadecimal digits
   */
  public static String sha256(TensorStore store) {
    MessageDigest digest = newDigest();
    for (String name : new TreeSet<>(store.names())) {
      StoredTensor tensor = store.get(name);
      String head = name + "\n" + tensor.type() + tensor.shape() + "\n";
      digest.update(head.getBytes(StandardCharsets.UTF_8));
      MemorySegment data = tensor.data();
      for (long at = 0; at < data.byteSize(); at += PIECE) {
        digest.update(data.asSlice(at, Math.min(PIECE, data.byteSize() - at)).asByteBuffer());
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /**
   * SHA-256 over name, type and shape of all tensors and some bytes of some of them: quick for any
   * size, and different for weights that were trained further, which change everywhere.
   *
   * @return 64 hexadecimal digits
   */
  public static String sampled(TensorStore store) {
    MessageDigest digest = newDigest();
    TreeSet<String> names = new TreeSet<>(store.names());
    int every = Math.max(1, names.size() / SAMPLED_TENSORS);
    int index = 0;
    for (String name : names) {
      StoredTensor tensor = store.get(name);
      String head = name + "\n" + tensor.type() + tensor.shape() + "\n";
      digest.update(head.getBytes(StandardCharsets.UTF_8));
      MemorySegment data = tensor.data();
      if (index++ % every == 0) {
        long bytes = Math.min(SAMPLED_BYTES, data.byteSize());
        digest.update(data.asSlice((data.byteSize() - bytes) / 2, bytes).asByteBuffer());
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /** SHA-256 of a text, in hexadecimal digits. */
  public static String sha256(String text) {
    return HexFormat.of().formatHex(newDigest().digest(text.getBytes(StandardCharsets.UTF_8)));
  }

  private static MessageDigest newDigest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
