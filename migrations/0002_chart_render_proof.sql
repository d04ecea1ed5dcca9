-- A file that somebody shows is found by its own hash, without decoding it.
CREATE INDEX IF NOT EXISTS chart_render_png_sha256_idx ON chart_render (png_sha256);
--> statement-breakpoint
-- Where the panels lie in the picture, so that a changed region can be named: [{name, x, y, width, height}].
ALTER TABLE chart_render ADD COLUMN IF NOT EXISTS plots jsonb;
