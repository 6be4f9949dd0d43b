package io.hadal.engine.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.hadal.formats.weights.StoredTensor;
import io.hadal.kernels.Matrix;
import io.hadal.kernels.StorageType;
import io.hadal.kernels.WorkerPool;
import io.hadal.model.Model;
import io.hadal.model.cache.CacheLayout;
import io.hadal.model.cache.KvStore;
import io.hadal.model.cache.SequenceCache;
import io.hadal.model.config.AttentionConfig;
import io.hadal.model.config.HyperConfig;
import io.hadal.model.config.IndexerConfig;
import io.hadal.model.config.LayerConfig;
import io.hadal.model.config.ModelConfig;
import io.hadal.model.config.NumericMode;
import io.hadal.model.config.RopeConfig;
import io.hadal.model.engram.EngramIndex;
import io.hadal.model.engram.EngramWeights;
import io.hadal.model.forward.Batch;
import io.hadal.model.forward.ForwardPass;
import io.hadal.model.weights.AttentionWeights;
import io.hadal.model.weights.EngramLayer;
import io.hadal.model.weights.EngramMemory;
import io.hadal.model.weights.HyperWeights;
import io.hadal.model.weights.LayerWeights;
import io.hadal.model.weights.ModelWeights;
import io.hadal.model.weights.MoeWeights;
import io.hadal.model.weights.WeightBinder;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import tools.jackson.databind.JsonNode;

/**
 * Typical mistakes in a V4.1 engine (spec 9.3), made on purpose: each moves the logits far beyond
 * rounding, so the goldens would catch it. Where the golden says how far the released algorithm
 * moves with the same mistake, ours moves as far.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class NegativeControlsTest {
  private static final GoldenModel GOLDEN = GoldenModel.V41;
  private static final List<String> PROMPTS = List.of("p63", "p200");
  private static final double VISIBLE = 0.05;

  private Model model;
  private WorkerPool pool;
  private ModelConfig config;
  private ModelWeights weights;
  private EngramMemory engram;
  private List<float[][]> correct;

  @BeforeAll
  void open() {
    model = GOLDEN.load();
    pool = new WorkerPool(2);
    config = model.config();
    weights = model.weights();
    engram = Objects.requireNonNull(model.engram());
    correct = run(config, weights, engram);
  }

  @AfterAll
  void close() {
    pool.close();
    model.close();
  }

  private List<float[][]> run(ModelConfig c, ModelWeights w, @Nullable EngramMemory memory) {
    List<float[][]> out = new ArrayList<>();
    try (KvStore store = new KvStore(CacheLayout.plain(c, 256), 64 << 20)) {
      ForwardPass forward =
          new ForwardPass(c, w, memory, model.packed(), NumericMode.EXACT, pool, null);
      for (String id : PROMPTS) {
        int[] tokens = GOLDEN.tokens(id);
        Batch batch = new Batch(tokens.length);
        try (SequenceCache cache = store.open(c.layers())) {
          batch.add(cache, tokens, 0, tokens.length);
          float[] streams = forward.run(batch);
          float[] flat = new float[tokens.length * c.vocabSize()];
          forward.logits(streams, IntStream.range(0, tokens.length).toArray(), flat);
          float[][] rows = new float[tokens.length][];
          for (int i = 0; i < rows.length; i++) {
            rows[i] = Arrays.copyOfRange(flat, i * c.vocabSize(), (i + 1) * c.vocabSize());
          }
          out.add(rows);
        }
      }
    }
    return out;
  }

  /** Largest change of a logit, by prompt. */
  private double[] change(ModelConfig c, ModelWeights w, @Nullable EngramMemory memory) {
    List<float[][]> rows = run(c, w, memory);
    double[] change = new double[rows.size()];
    for (int i = 0; i < change.length; i++) {
      change[i] = Rows.distance(rows.get(i), correct.get(i));
    }
    return change;
  }

  private static void visible(double[] change) {
    for (double d : change) {
      assertThat(d).isGreaterThan(VISIBLE);
    }
  }

  /** As far as the reference with the same mistake. */
  private static void asReference(String mistake, double[] change) {
    JsonNode expected = GOLDEN.index().path("sensitivity").path(mistake);
    assertThat(expected.size()).as(mistake).isEqualTo(change.length);
    for (int i = 0; i < change.length; i++) {
      assertThat(change[i])
          .as("%s, %s", mistake, PROMPTS.get(i))
          .isGreaterThan(VISIBLE)
          .isCloseTo(expected.get(i).asDouble(), within(1e-3));
    }
  }

  @Test
  void nothingChanged() {
    Rows.near(GOLDEN, "p63", correct.getFirst());
    assertThat(change(config, weights, engram)).containsOnly(0.0);
  }

  @Test
  void gatesOfTheSameSite() {
    HyperConfig h = config.hyper();
    visible(
        change(
            with(new HyperConfig(h.streams(), h.iterations(), h.eps(), false)), weights, engram));
  }

  @Test
  void oneSinkhornRound() {
    HyperConfig h = config.hyper();
    asReference(
        "one Sinkhorn round",
        change(with(new HyperConfig(h.streams(), 1, h.eps(), h.delayed())), weights, engram));
  }

  @Test
  void transposedCombinationMatrix() {
    visible(change(config, layers(NegativeControlsTest::transposed), engram));
  }

  private static LayerWeights transposed(LayerWeights l) {
    return new LayerWeights(
        transposed(l.attnHyper()),
        l.attnNorm(),
        l.attention(),
        transposed(l.ffnHyper()),
        l.ffnNorm(),
        l.moe());
  }

  /** Mixes 8.. are the square matrix of four streams. */
  private static HyperWeights transposed(HyperWeights w) {
    int n = 4;
    Matrix fn = w.fn();
    float[] values = new float[fn.rows() * fn.cols()];
    float[] base = w.base().clone();
    for (int r = 0; r < fn.rows(); r++) {
      int cell = r - 2 * n;
      int from = cell < 0 ? r : 2 * n + cell % n * n + cell / n;
      base[r] = w.base()[from];
      MemorySegment.copy(
          fn.data(),
          ValueLayout.JAVA_FLOAT_UNALIGNED,
          4L * from * fn.cols(),
          values,
          r * fn.cols(),
          fn.cols());
    }
    return new HyperWeights(
        Matrix.of(StorageType.F32, MemorySegment.ofArray(values), fn.rows(), fn.cols()),
        base,
        w.scale());
  }

  @Test
  void normOfEveryQueryHead() {
    AttentionConfig a = config.attention();
    asReference(
        "extra per-head q norm",
        change(
            config(
                config.normEps(),
                config.hyper(),
                new AttentionConfig(
                    a.heads(),
                    a.headDim(),
                    a.ropeDim(),
                    a.queryRank(),
                    a.outGroups(),
                    a.outRank(),
                    a.window(),
                    true),
                config.indexer(),
                config.layers()),
            weights,
            engram));
  }

  @Test
  void rotationOfCompressedLayersInWindowLayers() {
    RopeConfig compressed = config.layers().getLast().rope();
    assertThat(compressed.yarn()).isNotNull();
    List<LayerConfig> layers =
        config.layers().stream()
            .map(
                l ->
                    new LayerConfig(
                        l.index(),
                        l.compressor(),
                        l.ratio(),
                        l.kvSource(),
                        l.indexSource(),
                        compressed,
                        l.moe(),
                        l.hashRouted(),
                        l.routedLimit(),
                        l.sharedLimit(),
                        l.convolvedPast()))
            .toList();
    asReference(
        "compressed-layer rope table on window layers",
        change(
            config(config.normEps(), config.hyper(), config.attention(), config.indexer(), layers),
            weights,
            engram));
  }

  @Test
  void oneEntryMore() {
    IndexerConfig x = config.indexer();
    asReference(
        "index_topk + 1",
        change(
            with(new IndexerConfig(x.heads(), x.headDim(), x.topK() + 1, x.keys(), x.candidates())),
            weights,
            engram));
  }

  @Test
  void noCandidateBlocks() {
    IndexerConfig x = config.indexer();
    asReference(
        "candidate mask ignored",
        change(
            with(new IndexerConfig(x.heads(), x.headDim(), x.topK(), x.keys(), null)),
            weights,
            engram));
  }

  @Test
  void noSink() {
    asReference("sink ignored", change(config, layers(l -> sink(l, -1e30f)), engram));
  }

  @Test
  void sinkOfZero() {
    visible(change(config, layers(l -> sink(l, 0)), engram));
  }

  private static LayerWeights sink(LayerWeights l, float value) {
    AttentionWeights a = l.attention();
    float[] sink = new float[a.sink().length];
    Arrays.fill(sink, value);
    return new LayerWeights(
        l.attnHyper(),
        l.attnNorm(),
        new AttentionWeights(
            a.wqA(),
            a.qNorm(),
            a.wqB(),
            a.wkv(),
            a.kvNorm(),
            a.woA(),
            a.woB(),
            sink,
            a.compressor(),
            a.indexKeys(),
            a.indexer()),
        l.ffnHyper(),
        l.ffnNorm(),
        l.moe());
  }

  // The array annotation is lost when the record is read from its class file.
  @SuppressWarnings("NullAway")
  @Test
  void routerBiasOfImages() {
    List<LayerWeights> layers = new ArrayList<>();
    for (int i = 0; i < weights.layers().size(); i++) {
      LayerWeights l = weights.layers().get(i);
      StoredTensor bias =
          Objects.requireNonNull(model.store().find("layers." + i + ".ffn.gate.bias_vl"));
      MoeWeights m = l.moe();
      layers.add(
          new LayerWeights(
              l.attnHyper(),
              l.attnNorm(),
              l.attention(),
              l.ffnHyper(),
              l.ffnNorm(),
              new MoeWeights(
                  m.gate(),
                  bias.data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED),
                  m.table(),
                  m.experts(),
                  m.shared())));
    }
    asReference("bias_vl used on text", change(config, with(layers), engram));
  }

  @Test
  void noEngram() {
    visible(change(config, weights, null));
  }

  @Test
  void engramGateThatIgnoresTheStreams() {
    float[] none = new float[config.streamWidth()];
    Map<Integer, EngramLayer> layers = new HashMap<>();
    engram
        .layers()
        .forEach(
            (i, l) -> {
              Matrix projection =
                  WeightBinder.matrix(config, model.store(), "layers." + i + ".engram.wkv");
              layers.put(
                  i,
                  new EngramLayer(
                      l.index(), l.table(), EngramWeights.released(projection, none, none)));
            });
    visible(change(config, weights, new EngramMemory(engram.map(), null, layers, null)));
  }

  @Test
  void engramMultipliersInWrongOrder() {
    Map<Integer, EngramLayer> layers = new HashMap<>();
    engram
        .layers()
        .forEach(
            (i, l) -> {
              EngramIndex right = (EngramIndex) l.index();
              long[] m = right.multipliers();
              EngramIndex index =
                  EngramIndex.of(
                      2,
                      new long[] {m[0], m[3], m[2], m[1]},
                      right.primes(),
                      right.pad(),
                      engram.map().size(),
                      "test");
              layers.put(i, new EngramLayer(index, l.table(), l.weights()));
            });
    asReference(
        "Engram multipliers 1.. in wrong order",
        change(config, weights, new EngramMemory(engram.map(), null, layers, null)));
  }

  private ModelWeights layers(UnaryOperator<LayerWeights> changed) {
    return with(weights.layers().stream().map(changed).toList());
  }

  private ModelWeights with(List<LayerWeights> layers) {
    return new ModelWeights(
        weights.embed(), layers, weights.head(), weights.drafters(), weights.blockDraft(), null);
  }

  private ModelConfig config(
      float normEps,
      HyperConfig hyper,
      AttentionConfig attention,
      IndexerConfig indexer,
      List<LayerConfig> layers) {
    return new ModelConfig(
        config.family(),
        config.vocabSize(),
        config.hiddenSize(),
        config.contextLength(),
        config.bosId(),
        config.eosId(),
        config.imageId(),
        normEps,
        config.activations(),
        config.windowCode(),
        config.entryCode(),
        config.quantisedCache(),
        hyper,
        attention,
        indexer,
        layers,
        config.drafters(),
        config.blockDraft(),
        config.engram(),
        null);
  }

  private ModelConfig with(HyperConfig hyper) {
    return config(config.normEps(), hyper, config.attention(), config.indexer(), config.layers());
  }

  private ModelConfig with(IndexerConfig indexer) {
    return config(config.normEps(), config.hyper(), config.attention(), indexer, config.layers());
  }
}
