CREATE TABLE "project_placements" (
	"project_id" uuid PRIMARY KEY NOT NULL,
	"host" text NOT NULL,
	"placed_at" bigint NOT NULL,
	CONSTRAINT "project_placements_host_length" CHECK (char_length("project_placements"."host") between 1 and 2048)
);
