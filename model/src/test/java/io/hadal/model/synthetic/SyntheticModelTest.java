package io.hadal.model.synthetic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hadal.kernels.StorageType;
import io.hadal.model.config.IndexerConfig.Candidates;
import io.hadal.model.config.LayerConfig;
import io.hadal.model.config.ModelConfig;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SyntheticModelTest {
  private static final StorageMix RELEASED =
      new StorageMix(StorageType.FP4_E2M1, StorageType.FP4_E2M1, StorageType.F8_E4M3);

  private static SyntheticModel model(SyntheticShape shape, int layers, StorageMix mix) {
    return SyntheticModel.of(shape, layers, shape.experts(), shape.vocabulary(), mix, 1);
  }

  private static List<Integer> layers(
      ModelConfig config, java.util.function.Predicate<LayerConfig> which) {
    return config.layers().stream().filter(which).map(LayerConfig::index).toList();
  }

  /** All tensors of V4-Flash but those of its drafter, by the released sizes (V4 spec 1.3). */
  @Test
  void theWholeOfV4FlashHasTheReleasedBytes() {
    SyntheticModel whole = SyntheticModel.of(SyntheticShape.V4_FLASH, 43, 256, 129280, RELEASED, 1);
    assertThat(whole.safetensorsBytes()).isEqualTo(159_609_485_896L - 3_593_787_756L);
    List<Integer> ratios = whole.config().layers().stream().map(LayerConfig::ratio).toList();
    assertThat(ratios)
        .isEqualTo(IntStream.range(0, 43).mapToObj(i -> i < 2 ? 0 : i % 2 == 0 ? 4 : 128).toList());
    assertThat(layers(whole.config(), LayerConfig::hashRouted)).containsExactly(0, 1, 2);
  }

  /** Roles of layers (V4.1 spec 1, 3). */
  @Test
  void theWholeOfV41FlashHasTheReleasedRoles() {
    ModelConfig config =
        SyntheticModel.of(SyntheticShape.V41_FLASH, 40, 384, 129280, RELEASED, 1).config();
    assertThat(layers(config, l -> l.ratio() == 0)).containsExactly(0, 1);
    assertThat(layers(config, l -> l.ratio() == 1))
        .isEqualTo(IntStream.range(20, 40).boxed().toList());
    assertThat(layers(config, LayerConfig::compresses)).containsExactly(2, 8, 14, 20);
    assertThat(layers(config, LayerConfig::selects)).containsExactly(2, 8, 14, 20, 24, 28, 32, 36);
    assertThat(config.indexer().candidates()).isEqualTo(new Candidates(20, 2048, 8));
  }

  @ParameterizedTest
  @EnumSource
  void everyNumberOfLayersMakesAModel(SyntheticShape shape) {
    for (int n = 1; n <= shape.mostLayers(); n++) {
      SyntheticModel model = model(shape, n, RELEASED);
      assertThat(model.config().layers()).hasSize(n);
      assertThat(model.safetensorsBytes()).isPositive();
    }
    ModelConfig config = model(shape, shape.layers(), RELEASED).config();
    boolean streams = shape == SyntheticShape.V41_FLASH || shape == SyntheticShape.TINY_V41;
    assertThat(config.layers().stream().map(LayerConfig::kind).distinct())
        .containsExactlyInAnyOrder(
            streams
                ? new String[] {"window", "full/2", "reuse/2", "full/1", "reuse/1", "reindex/1"}
                : new String[] {"window", "csa/4", "hca/128"});
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          experts=Q2_K                      | rest=TYPE
          rest=Q8_0                         | experts=TYPE
          experts=Q2_K,rest=Q8_0,rest=Q8_0  | twice
          experts=Q2_K,norms=F32            | norms=F32
          experts=Q2_K,rest                 | rest
          experts=Q9,rest=Q8_0              | Q9
          """)
  void wrongMixesAreExplained(String mix, String message) {
    assertThatThrownBy(() -> StorageMix.parse(mix))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @Test
  void mixesNameThePartsInAnyOrder() {
    assertThat(StorageMix.parse("rest=fp8, experts=mxfp4"))
        .isEqualTo(new StorageMix(StorageType.MXFP4, StorageType.MXFP4, StorageType.F8_E4M3));
    StorageMix three = StorageMix.parse("down=Q2_K,experts=IQ2_XXS,rest=Q8_0");
    assertThat(StorageMix.parse(three.toString())).isEqualTo(three);
  }
}
