package io.hadal.spring;

import io.hadal.chat.Hadal;
import io.hadal.chat.HadalOptions;
import java.nio.file.Path;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;

/** A model in the application's process, once {@code hadal.model.path} says where it is. */
@AutoConfiguration
@ConditionalOnProperty("hadal.model.path")
@EnableConfigurationProperties(HadalProperties.class)
public class HadalAutoConfiguration {

  /** The loaded model, closed with the application. */
  @Bean(destroyMethod = "close")
  @ConditionalOnMissingBean
  Hadal hadal(HadalProperties properties) {
    HadalOptions options =
        new HadalOptions().name(properties.name()).thinking(properties.thinking());
    if (properties.context() != null) {
      options.context(properties.context());
    }
    if (properties.threads() != null) {
      options.threads(properties.threads());
    }
    if (properties.mode() != null) {
      options.mode(properties.mode());
    }
    if (properties.prefixMemoryBytes() != null) {
      options.prefixMemory(properties.prefixMemoryBytes());
    }
    Path path = properties.path();
    if (path == null) {
      throw new IllegalArgumentException("hadal.model.path is empty");
    }
    return Hadal.load(path, options);
  }

  /** The chat model, unless {@code spring.ai.model.chat} names another. */
  @Bean
  @ConditionalOnMissingBean
  @ConditionalOnProperty(
      name = "spring.ai.model.chat",
      havingValue = "hadal",
      matchIfMissing = true)
  HadalChatModel hadalChatModel(Hadal hadal) {
    return new HadalChatModel(hadal, HadalChatOptions.builder().build());
  }

  /** The embedding model, with {@code hadal.model.embeddings=true}. */
  @Bean
  @ConditionalOnMissingBean(EmbeddingModel.class)
  @ConditionalOnProperty("hadal.model.embeddings")
  HadalEmbeddingModel hadalEmbeddingModel(Hadal hadal) {
    return new HadalEmbeddingModel(hadal);
  }
}
