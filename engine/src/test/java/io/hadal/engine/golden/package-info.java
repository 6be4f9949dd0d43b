/** Tests on the project's tiny golden models. */
@NullMarked
package io.hadal.engine.golden;

import org.jspecify.annotations.NullMarked;
