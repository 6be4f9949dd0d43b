package io.hadal.model.synthetic;

import io.hadal.kernels.StorageType;
import io.hadal.model.config.ConfigReader;
import io.hadal.model.config.ModelConfig;
import java.nio.file.Path;
import java.util.function.LongConsumer;
import tools.jackson.databind.node.ObjectNode;

/**
 * A model with the layer dimensions of a release, few layers and experts, and random weights: as
 * fast as a part of the released one, and as small as wanted. The seed decides every byte.
 */
public final class SyntheticModel {
  private static final int MOST_VOCABULARY = 129280;

  private final String name;
  private final ObjectNode json;
  private final ModelConfig config;
  private final StorageMix mix;
  private final long seed;

  private SyntheticModel(String name, ObjectNode json, StorageMix mix, long seed) {
    this.name = name;
    this.json = json;
    this.config = ConfigReader.parse(json, name);
    this.mix = mix;
    this.seed = seed;
  }

  /**
   * @param layers 1 to those of the release
   * @param experts routed experts of a layer, from those a token uses to those of the release
   * @param vocabulary tokens, up to those of the release
   * @throws IllegalArgumentException for a number out of range, with a message for the user
   */
  public static SyntheticModel of(
      SyntheticShape shape, int layers, int experts, int vocabulary, StorageMix mix, long seed) {
    check("layers", layers, 1, shape.mostLayers());
    check("experts", experts, shape.activeExperts(), shape.mostExperts());
    check("vocab", vocabulary, SyntheticVocabulary.LEAST, MOST_VOCABULARY);
    return new SyntheticModel(
        "synthetic " + shape.name(), shape.config(layers, experts, vocabulary), mix, seed);
  }

  private static void check(String what, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          "--" + what + " is " + value + ", outside " + least + ".." + most + " of this shape");
    }
  }

  public ModelConfig config() {
    return config;
  }

  public StorageMix mix() {
    return mix;
  }

  String name() {
    return name;
  }

  ObjectNode json() {
    return json;
  }

  long seed() {
    return seed;
  }

  /**
   * Writes one GGUF file with a tokenizer, whole or not at all.
   *
   * @param progress told the bytes of each piece that is written
   * @throws IllegalArgumentException for a mix with types that GGUF does not have
   * @throws io.hadal.formats.FormatException when the file cannot be written
   */
  public void writeGguf(Path file, LongConsumer progress) {
    new SyntheticGguf(this).write(file, progress);
  }

  /**
   * Writes config.json and model.safetensors as released checkpoints have them, without a
   * tokenizer.
   *
   * @param folder made when it is not there; files of these names are replaced
   * @param progress told the bytes of each piece that is written
   * @throws IllegalArgumentException for a mix with types that safetensors files do not have
   * @throws io.hadal.formats.FormatException when a file cannot be written
   */
  public void writeSafetensors(Path folder, LongConsumer progress) {
    new SyntheticSafetensors(this).write(folder, progress);
  }

  /** Bytes of all tensors of {@link #writeGguf}. */
  public long ggufBytes() {
    return new SyntheticGguf(this).bytes();
  }

  /** Bytes of all tensors of {@link #writeSafetensors}. */
  public long safetensorsBytes() {
    return new SyntheticSafetensors(this).bytes();
  }

  static IllegalArgumentException unfit(String format, StorageType type, String others) {
    return new IllegalArgumentException(format + " holds no " + type + "; it takes " + others);
  }
}
