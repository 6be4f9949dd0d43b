/** Tests that load models from GGUF files. */
@NullMarked
package io.hadal.engine.gguf;

import org.jspecify.annotations.NullMarked;
