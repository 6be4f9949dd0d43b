package io.hadal.spring;

import io.hadal.model.config.NumericMode;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * Properties {@code hadal.model.*}.
 *
 * @param path folder or GGUF file of the model
 * @param name its name; default: that of the file or folder
 * @param context longest conversation in tokens
 * @param threads workers of the forward pass
 * @param mode numeric mode
 * @param thinking whether to reason when a request does not say
 * @param prefixMemoryBytes memory for states of earlier prompts
 * @param embeddings true for an embedding model too, which is experimental
 */
@ConfigurationProperties("hadal.model")
public record HadalProperties(
    @Nullable Path path,
    @Nullable String name,
    @Nullable Integer context,
    @Nullable Integer threads,
    @Nullable NumericMode mode,
    @Nullable Boolean thinking,
    @Nullable Long prefixMemoryBytes,
    boolean embeddings) {}
