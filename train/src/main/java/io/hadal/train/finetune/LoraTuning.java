package io.hadal.train.finetune;

import io.hadal.formats.AtomicFiles;
import io.hadal.formats.FormatException;
import io.hadal.formats.weights.SafetensorsWriter;
import io.hadal.kernels.StorageType;
import io.hadal.kernels.WorkerPool;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.weights.Adapter;
import io.hadal.train.Tuning;
import io.hadal.train.graph.Adapters;
import io.hadal.train.graph.Parameter;
import io.hadal.train.graph.Parameter.Kind;
import io.hadal.train.graph.ParameterSet;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Trains low-rank adapters and table rows; the weights of the base stay as they are. */
final class LoraTuning implements Tuning {
  private final BaseModel base;
  private final int rank;
  private final double alpha;
  private final Set<Target> targets;
  private @Nullable Adapters adapters;

  LoraTuning(BaseModel base, int rank, double alpha, Set<Target> targets) {
    this.base = base;
    this.rank = rank;
    this.alpha = alpha;
    this.targets = targets;
  }

  @Override
  public Map<Integer, int[]> tables(ModelConfig model) {
    return base.tables();
  }

  @Override
  public ParameterSet begin(ParameterSet model, long seed, WorkerPool pool) {
    base.fill(model);
    Adapters all =
        Adapters.attach(
            model,
            name -> targets.stream().anyMatch(t -> t.concerns(name)),
            rank,
            (float) (alpha / rank),
            seed,
            pool);
    if (all.trained().all().isEmpty()) {
      throw new FormatException(
          base.path().toString(), "has none of the targets " + labels() + "; name others");
    }
    adapters = all;
    return all.trained();
  }

  private String labels() {
    return String.join(",", targets.stream().sorted().map(Target::label).toList());
  }

  @Override
  public void updated() {
    Objects.requireNonNull(adapters).apply();
  }

  @Override
  public void export(ParameterSet model, Map<Integer, int[]> tables, Path folder) {
    Adapters all = Objects.requireNonNull(adapters);
    ObjectNode config = JsonMapper.shared().createObjectNode();
    config.put("format", Adapter.FORMAT);
    config.put("base_model", base.name());
    config.put("base_sha256", base.sha256());
    config.put("rank", rank);
    config.put("alpha", alpha);
    ArrayNode labels = config.putArray("targets");
    targets.stream().sorted().forEach(t -> labels.add(t.label()));
    try {
      Files.createDirectories(folder);
      // The same at every save, so the tensors can follow.
      AtomicFiles.write(
          folder.resolve(Adapter.CONFIG),
          (config.toPrettyString() + "\n").getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new FormatException(folder.toString(), "cannot be written: " + e, e);
    }
    Map<String, int[]> rows = new LinkedHashMap<>();
    all.tables().forEach((name, table) -> rows.put(name, changed(table, all.before(table))));
    SafetensorsWriter.Layout layout = SafetensorsWriter.layout().metadata("format", Adapter.FORMAT);
    for (Parameter p : all.trained().all()) {
      if (p.kind() != Kind.TABLE) {
        layout.tensor(p.name(), StorageType.F32, p.shape().getFirst(), p.rowSize());
      }
    }
    rows.forEach(
        (name, ids) -> {
          int width = Objects.requireNonNull(all.tables().get(name)).rowSize();
          layout.tensor(name + Adapter.ROWS, StorageType.I32, ids.length);
          layout.tensor(name + Adapter.VALUES, StorageType.F32, ids.length, width);
        });
    try (SafetensorsWriter writer = layout.create(folder.resolve(Adapter.TENSORS))) {
      for (Parameter p : all.trained().all()) {
        if (p.kind() != Kind.TABLE) {
          writer.write(p.name(), p.value());
        }
      }
      rows.forEach(
          (name, ids) -> {
            writer.write(name + Adapter.ROWS, ids);
            Parameter table = Objects.requireNonNull(all.tables().get(name));
            writer.write(name + Adapter.VALUES, values(table, ids));
          });
      writer.finish();
    }
  }

  /** Rows whose values are others now. */
  private static int[] changed(Parameter table, float[] before) {
    int n = table.rowSize();
    float[] now = table.value();
    int[] ids = new int[before.length / n];
    int count = 0;
    for (int row = 0; row < ids.length; row++) {
      int at = row * n;
      if (!Arrays.equals(now, at, at + n, before, at, at + n)) {
        ids[count++] = row;
      }
    }
    return Arrays.copyOf(ids, count);
  }

  private static float[] values(Parameter table, int[] ids) {
    int n = table.rowSize();
    float[] out = new float[ids.length * n];
    for (int i = 0; i < ids.length; i++) {
      System.arraycopy(table.value(), ids[i] * n, out, i * n, n);
    }
    return out;
  }
}
