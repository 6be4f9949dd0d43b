package io.hadal.model.synthetic;

import io.hadal.formats.FormatException;
import io.hadal.formats.weights.SafetensorsWriter;
import io.hadal.kernels.RandomBlocks;
import io.hadal.kernels.StorageType;
import io.hadal.model.config.IndexerConfig;
import io.hadal.model.synthetic.SyntheticTensor.Around;
import io.hadal.model.synthetic.SyntheticTensor.Choices;
import io.hadal.model.synthetic.SyntheticTensor.Weights;
import io.hadal.model.synthetic.SyntheticTensors.Types;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;

/** A synthetic model as config.json and model.safetensors (V4 spec 6). */
final class SyntheticSafetensors {
  private static final Set<StorageType> TYPES =
      new TreeSet<>(
          Set.of(
              StorageType.F32,
              StorageType.F16,
              StorageType.BF16,
              StorageType.F8_E4M3,
              StorageType.FP4_E2M1));
  private static final int FP4_TILE = 32;
  private static final String WEIGHT = ".weight";

  private final SyntheticModel model;
  private final List<SyntheticTensor> tensors;

  /** Rows and columns of an FP8 scale. */
  private final int tile;

  SyntheticSafetensors(SyntheticModel model) {
    this.model = model;
    StorageMix mix = model.mix();
    for (StorageType type : List.of(mix.experts(), mix.down(), mix.rest())) {
      if (!TYPES.contains(type)) {
        throw SyntheticModel.unfit(
            "safetensors",
            type,
            TYPES.stream().map(StorageType::name).collect(Collectors.joining(", ")));
      }
    }
    tile = model.config().indexer().keys() == IndexerConfig.Keys.COMPRESSED ? 128 : 32;
    boolean scaled = isScaled(mix.rest());
    tensors =
        SyntheticTensors.of(
            model.config(),
            mix,
            new Types(
                scaled ? StorageType.BF16 : mix.rest(),
                StorageType.BF16,
                StorageType.BF16,
                StorageType.I64));
  }

  private static boolean isScaled(StorageType type) {
    return type == StorageType.F8_E4M3 || type == StorageType.FP4_E2M1;
  }

  private long scales(SyntheticTensor t) {
    return switch (t.type()) {
      case F8_E4M3 -> (long) ceilDiv(t.rows(), tile) * ceilDiv(t.cols(), tile);
      case FP4_E2M1 -> (long) t.rows() * ceilDiv(t.cols(), FP4_TILE);
      default -> 0;
    };
  }

  private static int ceilDiv(int a, int b) {
    return (a + b - 1) / b;
  }

  long bytes() {
    return tensors.stream()
        .mapToLong(
            t -> t.allRows() * t.type().bytes(t.cols()) + Math.max(1, t.copies()) * scales(t))
        .sum();
  }

  /** Released name of one of the stacked experts, or of the tensor itself. */
  private static String name(SyntheticTensor t, int copy) {
    if (t.copies() == 0) {
      return t.name();
    }
    int dot = t.name().lastIndexOf('.');
    return t.name().substring(0, dot) + "." + copy + t.name().substring(dot) + WEIGHT;
  }

  private static String scale(String name) {
    return name.substring(0, name.length() - WEIGHT.length()) + ".scale";
  }

  void write(Path folder, LongConsumer progress) {
    SafetensorsWriter.Layout layout = SafetensorsWriter.layout().metadata("format", "pt");
    for (SyntheticTensor t : tensors) {
      for (int copy = 0; copy < Math.max(1, t.copies()); copy++) {
        declare(t, name(t, copy), layout);
      }
    }
    try {
      Files.createDirectories(folder);
      try (SafetensorsWriter writer = layout.create(folder.resolve("model.safetensors"))) {
        TensorFill fill = new TensorFill(writer, model.seed(), progress);
        for (SyntheticTensor t : tensors) {
          for (int copy = 0; copy < Math.max(1, t.copies()); copy++) {
            fill(t, name(t, copy), fill);
          }
        }
        writer.finish();
      }
      Files.writeString(folder.resolve("config.json"), model.json().toPrettyString());
    } catch (IOException e) {
      throw new FormatException(folder.toString(), "cannot be written: " + e, e);
    }
  }

  private void declare(SyntheticTensor t, String name, SafetensorsWriter.Layout layout) {
    switch (t.type()) {
      case F8_E4M3 ->
          layout
              .tensor(name, t.type(), t.rows(), t.cols())
              .tensor(
                  scale(name),
                  StorageType.F8_E8M0,
                  ceilDiv(t.rows(), tile),
                  ceilDiv(t.cols(), tile));
      case FP4_E2M1 ->
          layout
              .tensor(name, StorageType.I8, t.rows(), t.cols() / 2)
              .tensor(scale(name), StorageType.F8_E8M0, t.rows(), ceilDiv(t.cols(), FP4_TILE));
      default -> {
        if (t.rows() > 0) {
          layout.tensor(name, t.type(), t.rows(), t.cols());
        } else {
          layout.tensor(name, t.type(), t.cols());
        }
      }
    }
  }

  private void fill(SyntheticTensor t, String name, TensorFill fill) {
    SplittableRandom random = fill.next();
    switch (t.content()) {
      case Weights w -> {
        RandomBlocks blocks = RandomBlocks.of(t.type(), w.deviation());
        fill.blocks(name, t.type(), (long) t.rows() * t.type().bytes(t.cols()), blocks, random);
        if (isScaled(t.type())) {
          fill.scales(scale(name), scales(t), blocks, random);
        }
      }
      case Around around -> fill.vector(name, t.type(), t.cols(), around, random);
      case Choices choices -> fill.choices(name, t, choices.limit(), random);
    }
  }
}
