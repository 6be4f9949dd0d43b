package io.hadal.model.synthetic;

import io.hadal.formats.weights.GgmlType;
import io.hadal.formats.weights.GgufWriter;
import io.hadal.kernels.RandomBlocks;
import io.hadal.kernels.StorageType;
import io.hadal.model.synthetic.SyntheticTensor.Around;
import io.hadal.model.synthetic.SyntheticTensor.Choices;
import io.hadal.model.synthetic.SyntheticTensor.Weights;
import io.hadal.model.synthetic.SyntheticTensors.Types;
import io.hadal.model.weights.GgufTensors;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;

/** A synthetic model as one GGUF file. */
final class SyntheticGguf {
  private final SyntheticModel model;
  private final List<SyntheticTensor> tensors;

  SyntheticGguf(SyntheticModel model) {
    this.model = model;
    StorageMix mix = model.mix();
    for (StorageType type : List.of(mix.experts(), mix.down(), mix.rest())) {
      if (GgmlType.of(type) == null) {
        throw SyntheticModel.unfit("GGUF", type, types());
      }
    }
    tensors =
        SyntheticTensors.of(
            model.config(),
            mix,
            new Types(mix.rest(), StorageType.F32, StorageType.F32, StorageType.I32));
  }

  private static String types() {
    return Arrays.stream(StorageType.values())
        .filter(type -> type.isMatrixWeight() && GgmlType.of(type) != null)
        .map(StorageType::name)
        .collect(Collectors.joining(", "));
  }

  private static long bytes(SyntheticTensor t) {
    return t.allRows() * t.type().bytes(t.cols());
  }

  long bytes() {
    return tensors.stream().mapToLong(SyntheticGguf::bytes).sum();
  }

  void write(Path file, LongConsumer progress) {
    GgufWriter.Layout layout = GgufWriter.layout();
    GgufConfiguration.declare(model.config(), model.name(), layout);
    new SyntheticVocabulary(model.config().vocabSize()).declare(layout);
    for (SyntheticTensor t : tensors) {
      String name = GgufTensors.written(t.name());
      if (t.copies() > 0) {
        layout.tensor(name, t.type(), t.copies(), t.rows(), t.cols());
      } else if (t.rows() > 0) {
        layout.tensor(name, t.type(), t.rows(), t.cols());
      } else {
        layout.tensor(name, t.type(), t.cols());
      }
    }
    try (GgufWriter writer = layout.create(file)) {
      TensorFill fill = new TensorFill(writer, model.seed(), progress);
      for (SyntheticTensor t : tensors) {
        String name = GgufTensors.written(t.name());
        SplittableRandom random = fill.next();
        switch (t.content()) {
          case Weights w ->
              fill.blocks(
                  name, t.type(), bytes(t), RandomBlocks.of(t.type(), w.deviation()), random);
          case Around around -> fill.vector(name, t.type(), t.cols(), around, random);
          case Choices choices -> fill.choices(name, t, choices.limit(), random);
        }
      }
      writer.finish();
    }
  }
}
