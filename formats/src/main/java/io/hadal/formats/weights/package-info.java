/** Weight containers: safetensors and GGUF. */
@NullMarked
package io.hadal.formats.weights;

import org.jspecify.annotations.NullMarked;
