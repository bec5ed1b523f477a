; ModuleID = "step"
target triple = "unknown-unknown-unknown"
target datalayout = ""

define void @"step0"(ptr %"table", ptr %"dims", i64 %"thread", i64 %"num_threads", ptr %"barrier") nounwind
{
entry:
  call void @"step0.0"(ptr %"table", ptr %"dims", i64 %"thread", i64 %"num_threads", ptr %"barrier")
  ret void
}

define internal void @"step0.0"(ptr %"table", ptr %"dims", i64 %"thread", i64 %"num_threads", ptr %"barrier") nounwind
{
entry:
  %".7" = icmp eq i64 %"thread", 0
  %"total" = alloca float
  %"partial" = alloca <8 x float>
  %".23" = getelementptr inbounds ptr, ptr %"table", i64 1
  %".24" = load ptr, ptr %".23", align 8
  %".66" = getelementptr inbounds ptr, ptr %"table", i64 2
  %".67" = load ptr, ptr %".66", align 8
  %".80" = getelementptr inbounds ptr, ptr %"table", i64 3
  %".81" = load ptr, ptr %".80", align 8
  br i1 %".7", label %"alone.then", label %"alone.end"
alone.then:
  ; multiply sum
  br label %"row.body"
alone.end:
  ret void
row.body:
  %"row" = phi  i64 [0, %"alone.then"], [%"row.next", %"lane.end"]
  %".11" = mul i64 %"row", 19
  %".12" = add i64 0, %".11"
  %".13" = mul i64 %"row", 19
  %".14" = add i64 0, %".13"
  %".15" = add i64 0, %"row"
  store float              0x0, ptr %"total"
  store <8 x float> splat (float              0x0), ptr %"partial"
  %".18" = add i64 0, 16
  %".19" = icmp slt i64 0, %".18"
  br i1 %".19", label %"lane.body", label %"lane.end"
row.end:
  ; multiply subtract
  %".73" = add i64 0, 72
  %".74" = icmp slt i64 0, %".73"
  br i1 %".74", label %"lane.body.1", label %"lane.end.1"
lane.body:
  %"lane" = phi  i64 [0, %"row.body"], [%"lane.next", %"lane.body"]
  %".21" = add i64 %".12", %"lane"
  %".22" = add i64 %".14", %"lane"
  %".25" = getelementptr inbounds float, ptr %".24", i64 %".21"
  %".26" = load <8 x float>, ptr %".25", align 4
  %".27" = fmul contract <8 x float> %".26", %".26"
  %".28" = load <8 x float>, ptr %"partial"
  %".29" = fadd contract <8 x float> %".28", %".27"
  store <8 x float> %".29", ptr %"partial"
  %"lane.next" = add nsw i64 %"lane", 8
  %".31" = icmp slt i64 %"lane.next", %".18"
  br i1 %".31", label %"lane.body", label %"lane.end"
lane.end:
  %".33" = add i64 %".12", %".18"
  %".34" = add i64 %".14", %".18"
  %".35" = sub i64 19, %".18"
  %".36" = icmp slt i64 %".35", 8
  %".37" = select  i1 %".36", i64 %".35", i64 8
  %".38" = trunc i64 %".37" to i32
  %".39" = insertelement <8 x i32> poison, i32 %".38", i32 0
  %".40" = shufflevector <8 x i32> %".39", <8 x i32> %".39", <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %".41" = icmp slt <8 x i32> <i32 0, i32 1, i32 2, i32 3, i32 4, i32 5, i32 6, i32 7>, %".40"
  %".42" = getelementptr inbounds float, ptr %".24", i64 %".33"
  %".43" = call <8 x float> @"llvm.masked.load.v8f32.p0"(ptr %".42", i32 4, <8 x i1> %".41", <8 x float> zeroinitializer)
  %".44" = fmul contract <8 x float> %".43", %".43"
  %".45" = load <8 x float>, ptr %"partial"
  %".46" = fadd contract <8 x float> %".45", %".44"
  %".47" = load <8 x float>, ptr %"partial"
  %".48" = select  <8 x i1> %".41", <8 x float> %".46", <8 x float> %".47"
  store <8 x float> %".48", ptr %"partial"
  %".50" = load <8 x float>, ptr %"partial"
  %".51" = shufflevector <8 x float> %".50", <8 x float> %".50", <4 x i32> <i32 0, i32 1, i32 2, i32 3>
  %".52" = shufflevector <8 x float> %".50", <8 x float> %".50", <4 x i32> <i32 4, i32 5, i32 6, i32 7>
  %".53" = fadd contract <4 x float> %".51", %".52"
  %".54" = shufflevector <4 x float> %".53", <4 x float> %".53", <2 x i32> <i32 0, i32 1>
  %".55" = shufflevector <4 x float> %".53", <4 x float> %".53", <2 x i32> <i32 2, i32 3>
  %".56" = fadd contract <2 x float> %".54", %".55"
  %".57" = shufflevector <2 x float> %".56", <2 x float> %".56", <1 x i32> <i32 0>
  %".58" = extractelement <1 x float> %".57", i32 0
  %".59" = shufflevector <2 x float> %".56", <2 x float> %".56", <1 x i32> <i32 1>
  %".60" = extractelement <1 x float> %".59", i32 0
  %".61" = fadd contract float %".58", %".60"
  %".62" = load float, ptr %"total"
  %".63" = fadd contract float %".62", %".61"
  store float %".63", ptr %"total"
  %".65" = load float, ptr %"total"
  %".68" = getelementptr inbounds float, ptr %".67", i64 %".15"
  store float %".65", ptr %".68", align 4
  %"row.next" = add nsw i64 %"row", 1
  %".70" = icmp slt i64 %"row.next", 4
  br i1 %".70", label %"row.body", label %"row.end"
lane.body.1:
  %"lane.1" = phi  i64 [0, %"row.end"], [%"lane.next.1", %"lane.body.1"]
  %".76" = add i64 0, %"lane.1"
  %".77" = add i64 0, %"lane.1"
  %".78" = add i64 0, %"lane.1"
  %".79" = add i64 0, %"lane.1"
  %".82" = getelementptr inbounds float, ptr %".81", i64 %".77"
  %".83" = load <8 x float>, ptr %".82", align 4
  %".84" = getelementptr inbounds float, ptr %".24", i64 %".76"
  %".85" = load <8 x float>, ptr %".84", align 4
  %".86" = fmul contract <8 x float> %".85", splat (float 0x3fe0000000000000)
  %".87" = fsub contract <8 x float> %".83", %".86"
  %".88" = getelementptr inbounds float, ptr %".81", i64 %".78"
  store <8 x float> %".87", ptr %".88", align 4
  %"lane.next.1" = add nsw i64 %"lane.1", 8
  %".90" = icmp slt i64 %"lane.next.1", %".73"
  br i1 %".90", label %"lane.body.1", label %"lane.end.1"
lane.end.1:
  %".92" = add i64 0, %".73"
  %".93" = add i64 0, %".73"
  %".94" = add i64 0, %".73"
  %".95" = add i64 0, %".73"
  %".96" = sub i64 76, %".73"
  %".97" = icmp slt i64 %".96", 8
  %".98" = select  i1 %".97", i64 %".96", i64 8
  %".99" = trunc i64 %".98" to i32
  %".100" = insertelement <8 x i32> poison, i32 %".99", i32 0
  %".101" = shufflevector <8 x i32> %".100", <8 x i32> %".100", <8 x i32> <i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, i32 0>
  %".102" = icmp slt <8 x i32> <i32 0, i32 1, i32 2, i32 3, i32 4, i32 5, i32 6, i32 7>, %".101"
  %".103" = getelementptr inbounds float, ptr %".81", i64 %".93"
  %".104" = call <8 x float> @"llvm.masked.load.v8f32.p0"(ptr %".103", i32 4, <8 x i1> %".102", <8 x float> zeroinitializer)
  %".105" = getelementptr inbounds float, ptr %".24", i64 %".92"
  %".106" = call <8 x float> @"llvm.masked.load.v8f32.p0"(ptr %".105", i32 4, <8 x i1> %".102", <8 x float> zeroinitializer)
  %".107" = fmul contract <8 x float> %".106", splat (float 0x3fe0000000000000)
  %".108" = fsub contract <8 x float> %".104", %".107"
  %".109" = getelementptr inbounds float, ptr %".81", i64 %".94"
  call void @"llvm.masked.store.v8f32.p0"(<8 x float> %".108", ptr %".109", i32 4, <8 x i1> %".102")
  br label %"alone.end"
}

declare <8 x float> @"llvm.masked.load.v8f32.p0"(ptr %".1", i32 %".2", <8 x i1> %".3", <8 x float> %".4")

declare void @"llvm.masked.store.v8f32.p0"(<8 x float> %".1", ptr %".2", i32 %".3", <8 x i1> %".4")
